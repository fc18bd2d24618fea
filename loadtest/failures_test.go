package loadtest_test

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// TestFailures has one bad server per row. One client makes ten requests, so
// that each count is exact.
func TestFailures(t *testing.T) {
	for _, row := range []struct {
		name    string
		mode    loadtest.Mode
		timeout time.Duration
		script  func(*peer)

		kind        loadtest.Kind
		failed      int64
		connections int64
		text        string // in the first error
	}{{
		name:   "resets a new connection under its request",
		script: func(p *peer) { p.hear(); p.reset() },
		kind:   loadtest.Reset, failed: 10, connections: 10, text: "wait for the answer: ",
	}, {
		name:   "closes a new connection under its request",
		script: func(p *peer) { p.hear() },
		kind:   loadtest.CutUnderRequest, failed: 10, connections: 10, text: "wait for the answer: EOF",
	}, {
		name:   "closes a kept connection under a request",
		script: func(p *peer) { p.hear(); p.say(good); p.hear() },
		kind:   loadtest.CutUnderRequest, failed: 5, connections: 5, text: "wait for the answer: EOF",
	}, {
		name:   "resets a kept connection under a request",
		script: func(p *peer) { p.hear(); p.say(good); p.hear(); p.reset() },
		kind:   loadtest.CutUnderRequest, failed: 5, connections: 5,
	}, {
		name:   "cuts a connection for each request",
		mode:   loadtest.NewConnection,
		script: func(p *peer) { p.hear() },
		kind:   loadtest.CutUnderRequest, failed: 10, connections: 10,
	}, {
		name:   "sends a short body",
		script: func(p *peer) { p.hear(); p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") },
		kind:   loadtest.ShortBody, failed: 10, connections: 10, text: "read the body, 4 bytes in: unexpected EOF",
	}, {
		name:   "resets within the body",
		script: func(p *peer) { p.hear(); p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"); p.reset() },
		kind:   loadtest.ShortBody, failed: 10, connections: 10,
	}, {
		name:   "leaves out the last chunk",
		mode:   loadtest.Streaming,
		script: func(p *peer) { p.hear(); p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n") },
		kind:   loadtest.ShortBody, failed: 10, connections: 10,
	}, {
		name:   "breaks off within the header",
		script: func(p *peer) { p.hear(); p.say("HTTP/1.1 200 OK\r\nX-Ver") },
		kind:   loadtest.ShortBody, failed: 10, connections: 10, text: "read the header",
	}, {
		name:    "hangs",
		timeout: 50 * time.Millisecond,
		script:  func(p *peer) { p.hear(); p.hang() },
		kind:    loadtest.Timeout, failed: 10, connections: anyNumber,
	}, {
		name:    "hangs within the body",
		timeout: 50 * time.Millisecond,
		script:  func(p *peer) { p.hear(); p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"); p.hang() },
		kind:    loadtest.Timeout, failed: 10, connections: anyNumber,
	}, {
		name: "answers 503 and keeps the connection",
		script: func(p *peer) {
			for p.hear() {
				p.say("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
			}
		},
		kind: loadtest.BadStatus, failed: 10, connections: 1, text: `the status is "503 Busy"`,
	}, {
		name:   "speaks another protocol",
		script: func(p *peer) { p.hear(); p.say("220 mail ready\r\n\r\n"); p.hang() },
		kind:   loadtest.Other, failed: 10, connections: 10, text: "malformed",
	}, {
		name:   "says more than it was asked",
		script: func(p *peer) { p.hear(); p.say(good + "and"); p.hang() },
		kind:   loadtest.Other, failed: 5, connections: 5, text: "no request was outstanding",
	}, {
		name: "sends a header without end",
		script: func(p *peer) {
			p.hear()
			p.say("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2<<20))
			p.hang()
		},
		kind: loadtest.Other, failed: 10, connections: 10, text: "longer than the client reads",
	}, {
		name:   "streams a body that cannot be shown whole",
		mode:   loadtest.Streaming,
		script: func(p *peer) { p.hear(); p.say("HTTP/1.1 200 OK\r\n\r\nwho knows") },
		kind:   loadtest.Other, failed: 10, connections: 10, text: "states no length",
	}, {
		name:   "echoes another line",
		mode:   loadtest.RawTCP,
		script: func(p *peer) { p.in.ReadString('\n'); p.say("client 0 line x\n"); p.hang() },
		kind:   loadtest.Other, failed: 10, connections: 10, text: `sent "client 0 line 0", got "client 0 line x"`,
	}, {
		name:   "echoes half a line",
		mode:   loadtest.RawTCP,
		script: func(p *peer) { p.in.ReadString('\n'); p.say("client") },
		kind:   loadtest.ShortBody, failed: 10, connections: 10,
	}} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			timeout := row.timeout
			if timeout == 0 {
				timeout = patience
			}
			got := run(t, loadtest.Config{
				Address: serve(t, "tcp", row.script), Mode: row.mode,
				Clients: 1, Requests: 10, RequestTimeout: timeout,
			})
			compare(t, got, 10, row.connections, map[loadtest.Kind]int64{row.kind: row.failed})
			if text := got.Errors[0].Error(); !strings.Contains(text, row.text) || !strings.Contains(text, row.kind.String()) {
				t.Fatalf("the first error is %q, want %q in it", text, row.text)
			}
			if len(got.Errors) != 5 {
				t.Fatalf("%d errors are kept, want 5", len(got.Errors))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	l.Close()

	stale := filepath.Join(t.TempDir(), "s")
	u, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	u.SetUnlinkOnClose(false)
	u.Close()

	for _, row := range []struct{ name, network, address string }{
		{"nobody listens", "tcp", gone},
		{"no socket", "unix", filepath.Join(t.TempDir(), "s")},
		{"a stale socket", "unix", stale},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := run(t, loadtest.Config{Network: row.network, Address: row.address, Clients: 1, Requests: 3})
			compare(t, got, 3, 0, map[loadtest.Kind]int64{loadtest.Refused: 3})
		})
	}
}

// TestQueueOfAClosedListener is the loss that a careless handover makes: the
// kernel has taken the connection, the program never does.
func TestQueueOfAClosedListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	load := start(t, loadtest.Config{Address: l.Addr().String(), Clients: 1, Requests: 1})
	for deadline := time.Now().Add(patience); load.Snapshot().Connections == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the client did not connect")
		}
		time.Sleep(time.Millisecond) // the counter has no event
	}
	l.Close()
	await(t, load.Done(), "the load to end")
	compare(t, load.Stop(), 1, 1, map[loadtest.Kind]int64{loadtest.Reset: 1})
}
