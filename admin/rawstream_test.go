package admin_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// A rawStream reads a stream as bytes, without the client of this package.
type rawStream struct {
	conn  net.Conn
	lines *bufio.Scanner
	head  string
}

type rawMessage struct{ id, kind, data string }

// openStream asks for a stream by a unix socket, in HTTP/1.0, which has no chunks.
func openStream(t testing.TB, socket, path string, header []string) *rawStream {
	t.Helper()
	c, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	lines := append([]string{"GET " + path + " HTTP/1.0", "Host: overseer", "Accept: text/event-stream"}, header...)
	if _, err := fmt.Fprint(c, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r := &rawStream{conn: c, lines: bufio.NewScanner(c)}
	r.lines.Buffer(nil, 1<<20)
	for r.lines.Scan() && r.lines.Text() != "" {
		r.head += r.lines.Text() + "\n"
	}
	return r
}

// next waits for a message that has data.
func (r *rawStream) next(t testing.TB) (m rawMessage) {
	t.Helper()
	for r.lines.Scan() {
		name, value, _ := strings.Cut(r.lines.Text(), ": ")
		switch name {
		case "":
			if m.data != "" {
				return m
			}
		case "id":
			m.id = value
		case "event":
			m.kind = value
		case "data":
			m.data = value
		}
	}
	t.Fatalf("the stream ended: %v; it began with %q", r.lines.Err(), r.head)
	return m
}

// skip reads past one message, and returns false at the end.
func (r *rawStream) skip() bool {
	data := false
	for r.lines.Scan() {
		line := r.lines.Bytes()
		if len(line) == 0 && data {
			return true
		}
		data = data || len(line) > 5 && string(line[:5]) == "data:"
	}
	return false
}
