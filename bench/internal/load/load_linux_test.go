package load

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/served"
)

const good = "HTTP/1.1 200 OK\r\nX-Version: 1\r\nContent-Length: 8\r\n\r\nprogram\n"

// a server handles connections one after the other.
func server(t *testing.T, handle func(n int, conn *net.TCPConn, in *bufio.Reader)) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-ended })
	go func() {
		defer close(ended)
		for n := 0; ; n++ {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(time.Minute))
			handle(n, conn.(*net.TCPConn), bufio.NewReader(conn))
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// request reads one, and says whether there was one.
func request(in *bufio.Reader) bool {
	_, err := http.ReadRequest(in)
	return err == nil
}

// until makes requests with one client until one of a kind is there, and returns
// the log.
func until(t *testing.T, mode Mode, address string, want Kind) (log Log) {
	t.Helper()
	c := &client{config: &Config{Address: address, Mode: mode, Clients: 1, Rate: 100, Timeout: 20 * time.Second}, began: time.Now()}
	defer c.drop()
	for range 1000 {
		out := c.ask(c, time.Now().Add(20*time.Second))
		c.records = append(c.records, Record{Kind: out.kind})
		if out.kind == want {
			return Log{Records: c.records, IdleClosed: c.idleClosed, Announced: c.announced}
		}
		if out.kind != Good {
			t.Fatalf("request %d: %v, want %v", len(c.records), out.kind, want)
		}
	}
	t.Fatalf("no request was %v", want)
	return log
}

func TestKinds(t *testing.T) {
	for _, test := range []struct {
		name   string
		want   Kind
		handle func(conn *net.TCPConn, in *bufio.Reader)
	}{
		{"closed with no answer", Cut, func(_ *net.TCPConn, in *bufio.Reader) { request(in) }},
		{"reset with no answer", Reset, func(conn *net.TCPConn, in *bufio.Reader) { request(in); conn.SetLinger(0) }},
		{"closed under a later request", Cut, func(conn *net.TCPConn, in *bufio.Reader) {
			request(in)
			io.WriteString(conn, good)
			request(in)
		}},
		{"closed in the body", Short, func(conn *net.TCPConn, in *bufio.Reader) {
			request(in)
			io.WriteString(conn, good[:len(good)-3])
		}},
		{"another answer", Wrong, func(conn *net.TCPConn, in *bufio.Reader) {
			request(in)
			io.WriteString(conn, strings.Replace(good, "200 OK", "503 Busy", 1))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := server(t, func(_ int, conn *net.TCPConn, in *bufio.Reader) { test.handle(conn, in) })
			until(t, KeepAlive, address, test.want)
		})
	}
}

func TestRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	until(t, NewConn, l.Addr().String(), Refused)
}

// TestClosedWhileIdle: a server that closes after an answer, with no request on
// the way, has failed nobody.
func TestClosedWhileIdle(t *testing.T) {
	closed := make(chan struct{})
	address := server(t, func(n int, conn *net.TCPConn, in *bufio.Reader) {
		for n > 0 && request(in) {
			io.WriteString(conn, good)
		}
		if n == 0 {
			request(in)
			io.WriteString(conn, good)
			conn.Close()
			close(closed)
		}
	})
	c := &client{config: &Config{Address: address, Mode: KeepAlive, Timeout: time.Minute}, began: time.Now()}
	defer c.drop()
	deadline := time.Now().Add(time.Minute)
	if out := c.ask(c, deadline); out.kind != Good {
		t.Fatalf("the first request: %v", out.kind)
	}
	<-closed
	for c.link.look() != ended { // the end is on its way
		if time.Now().After(deadline) {
			t.Fatal("the end of the connection does not arrive")
		}
		time.Sleep(time.Millisecond)
	}
	if out := c.ask(c, deadline); out.kind != Good || c.idleClosed != 1 {
		t.Fatalf("the second request: %v, closed idle %d, want good and 1", out.kind, c.idleClosed)
	}
}

// TestGoodbye: the program's own word ends a connection of lines, also when it
// comes before the answer to a line that was on its way.
func TestGoodbye(t *testing.T) {
	address := server(t, func(n int, conn *net.TCPConn, in *bufio.Reader) {
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if n == 0 {
				io.WriteString(conn, served.Bye+"\n")
			}
			io.WriteString(conn, "7 "+line)
		}
	})
	c := &client{config: &Config{Address: address, Mode: RawTCP, Timeout: time.Minute}, began: time.Now()}
	defer c.drop()
	for i := range 2 {
		if out := c.ask(c, time.Now().Add(time.Minute)); out.kind != Good || out.version != "7" || c.announced != 1 {
			t.Fatalf("line %d: %v by version %q, announced %d, want good by 7 and 1", i, out.kind, out.version, c.announced)
		}
	}
}

// TestPauseShows: what was due in a pause of the server has waited, although only
// one request was under way.
func TestPauseShows(t *testing.T) {
	const pause, rate = 500 * time.Millisecond, 100
	paused := make(chan struct{})
	address := server(t, func(n int, conn *net.TCPConn, in *bufio.Reader) {
		for i := 0; request(in); i++ {
			if i == 3 {
				time.Sleep(pause) // what is measured
			}
			io.WriteString(conn, good)
			if i == 3+int(pause.Seconds()*rate) {
				close(paused)
			}
		}
	})
	l := Start(context.Background(), Config{Address: address, Mode: KeepAlive, Clients: 1, Rate: rate, Timeout: time.Minute})
	<-paused
	log := l.Stop()
	late := 0
	for _, r := range log.Records {
		if r.Kind != Good {
			t.Fatalf("a request due at %v: %v", r.Due, r.Kind)
		}
		if r.Latency > pause/2 {
			late++
		}
	}
	if want := int(pause.Seconds() * rate / 2); late < want {
		t.Errorf("%d of %d requests were late by half of the pause, want %d at least", late, len(log.Records), want)
	}
}
