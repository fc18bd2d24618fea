package loadtest_test

import (
	"bufio"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// TestClosedWhileIdle closes each connection after its answer, unannounced.
// The client sends its next request when the server says that it has closed.
func TestClosedWhileIdle(t *testing.T) {
	for _, row := range []struct {
		name, network string
		mode          loadtest.Mode
		reset         bool
		think         time.Duration
	}{
		{name: "close of unix", network: "unix"},
		{name: "close of tcp", network: "tcp", think: 100 * time.Millisecond},
		{name: "reset of tcp", network: "tcp", think: 100 * time.Millisecond, reset: true},
		{name: "close of streaming", network: "unix", mode: loadtest.Streaming},
		{name: "close of lines", network: "unix", mode: loadtest.RawTCP},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			hasClosed := make(chan struct{}, 10)
			script := func(p *peer) {
				if row.mode == loadtest.RawTCP {
					line, _ := p.in.ReadString('\n')
					p.say("v1 " + line)
				} else {
					p.hear()
					p.say(good)
				}
				if row.reset {
					p.reset()
				}
				p.Close()
				hasClosed <- struct{}{}
			}
			got := run(t, loadtest.Config{
				Network: row.network, Address: serve(t, row.network, script), Mode: row.mode,
				Clients: 1, Requests: 10, Think: row.think,
				OnResult: func(loadtest.Result) { <-hasClosed },
			})
			compare(t, got, 10, 10, nil)
			if got.IdleClosed != 9 || got.ByVersion["v1"] != 10 {
				t.Fatalf("got\n%vwant 9 closed while idle and 10 answers by v1", got)
			}
		})
	}
}

// A close during a long pause is seen when it happens, so that the server is
// not left with half a connection.
func TestCloseIsSeenWhileThinking(t *testing.T) {
	load := start(t, loadtest.Config{
		Address: serve(t, "tcp", func(p *peer) { p.hear(); p.say(good) }),
		Clients: 1, Think: time.Hour,
	})
	for deadline := time.Now().Add(patience); load.Snapshot().IdleClosed == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("the close was not seen:\n%v", load.Snapshot())
		}
		time.Sleep(time.Millisecond) // the counter has no event
	}
	compare(t, load.Stop(), 1, 1, nil)
}

func TestAnnouncedClose(t *testing.T) {
	got := run(t, loadtest.Config{
		Address: serve(t, "tcp", func(p *peer) {
			p.hear()
			p.say(good)
			p.hear()
			p.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		}),
		Clients: 1, Requests: 10,
	})
	compare(t, got, 10, 5, nil)
	if got.IdleClosed != 0 || got.AnnouncedClosed != 5 {
		t.Fatalf("got\n%vwant 5 announced closes", got)
	}
}

func TestLines(t *testing.T) {
	got := run(t, loadtest.Config{
		Address: serve(t, "tcp", func(p *peer) {
			for lines := bufio.NewScanner(p.in); lines.Scan(); {
				p.say("v2 " + lines.Text() + "\r\n")
			}
		}),
		Mode: loadtest.RawTCP, Clients: 4, Requests: 400,
	})
	compare(t, got, 400, 4, nil)
	if got.ByVersion["v2"] != 400 {
		t.Fatalf("got\n%vwant 400 by v2", got)
	}
}
