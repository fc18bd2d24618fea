package admin_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// ended waits until the other side has closed, and returns what it sent.
func ended(t *testing.T, c net.Conn) string {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	text, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the connection is still open; it sent %q", text)
	}
	return string(text)
}

func dial(t *testing.T, path, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// A request that does not come is not waited for.
func TestSlowRequests(t *testing.T) {
	s := newService(admin.Bounds{Header: 50 * time.Millisecond, Body: 50 * time.Millisecond})
	path := s.onUnix(t)
	const post = "POST /v1/restart HTTP/1.1\r\nHost: overseer\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"half a header", "GET /v1/status HTTP/1.1\r\nHost:", ""},
		{"half a body", post + `{"rea`, "did not come whole"},
		{"half a body where nothing is", strings.Replace(post, "restart", "nothing", 1) + `{"rea`, "404"},
		{"a header too large", "GET /v1/status HTTP/1.1\r\nX: " + strings.Repeat("x", 32<<10) + "\r\n\r\n", "431"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := ended(t, dial(t, path, c.text)); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q in it", got, c.want)
			}
		})
	}
	if got := s.master.Orders(); len(got) != 0 {
		t.Errorf("the master had orders: %+v", got)
	}
}

// Connections are bounded; one that ends makes room.
func TestConnectionsAreBounded(t *testing.T) {
	s := newService(admin.Bounds{Conns: 2})
	path := s.onUnix(t)
	const get = "GET /v1/status HTTP/1.1\r\nHost: overseer\r\n\r\n"
	var held []net.Conn
	for range 2 {
		c := dial(t, path, get)
		if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	third, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if got := ended(t, third); got != "" {
		t.Errorf("the third connection had %q", got)
	}
	held[0].Close()
	eventually(t, "there is room again", func() bool {
		_, err := admin.Dial(path).Status(bounded(t))
		return err == nil
	})
}

// Streams are bounded, with an answer that says so.
func TestStreamsAreBounded(t *testing.T) {
	s := newService(admin.Bounds{Streams: 2})
	c := admin.Dial(s.onUnix(t))
	var all []*admin.Stream
	for range 2 {
		stream, err := c.Follow(bounded(t), 0, false)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		all = append(all, stream)
	}
	_, err := c.Follow(bounded(t), 0, false)
	if statusOf(err) != http.StatusServiceUnavailable || !strings.Contains(err.Error(), "too many streams") {
		t.Errorf("the third stream: got %v, want 503", err)
	}
	all[0].Close()
	eventually(t, "there is room again", func() bool {
		stream, err := c.Follow(bounded(t), 0, false)
		if err != nil {
			return false
		}
		stream.Close()
		return true
	})
}

// A stream gives signs of life.
func TestHeartbeat(t *testing.T) {
	s := newService(admin.Bounds{Heartbeat: time.Millisecond})
	r := openStream(t, s.onUnix(t), "/v1/events", nil)
	for beats := 0; beats < 3; {
		if !r.lines.Scan() {
			t.Fatalf("the stream ended: %v", r.lines.Err())
		}
		if strings.HasPrefix(r.lines.Text(), ":") {
			beats++
		}
	}
}

// Those who try tokens wait, and nobody waits for them.
func TestWrongTokensHoldNobody(t *testing.T) {
	s := newService(admin.Bounds{Wrong: time.Hour})
	url := s.onTCP(t)
	addr := strings.TrimPrefix(url, "http://")
	var wrong []net.Conn
	for range 50 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /v1/status HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer wrong\r\n\r\n", addr)
		wrong = append(wrong, c)
	}
	c := admin.NewClient(admin.Remote{URL: url, Token: secret})
	if _, err := c.Status(bounded(t)); err != nil {
		t.Errorf("with wrong tokens waiting: %v", err)
	}
	s.Close(patience)
	for _, c := range wrong {
		ended(t, c)
	}
}

// Close answers what is being asked, ends streams, and returns.
func TestClose(t *testing.T) {
	m := &slowMaster{Master: admintest.New(), entered: make(chan context.Context, 1), leave: make(chan struct{})}
	s := &service{admin.NewServer(m, admin.Options{}), m.Master}
	path := s.onUnix(t)
	fresh := dial(t, path, "") // as browsers do, in advance
	r := openStream(t, path, "/v1/events", nil)
	answered := make(chan error, 1)
	go func() {
		_, err := admin.Dial(path).Restart(bounded(t), admin.Order{})
		answered <- err
	}()
	<-m.entered
	closed := make(chan struct{})
	go func() {
		s.Close(patience)
		close(closed)
	}()
	if r.skip() {
		t.Error("the stream went on")
	}
	ended(t, fresh)
	close(m.leave)
	if err := <-answered; err != nil {
		t.Errorf("the order that was under way: %v", err)
	}
	<-closed
	if _, err := admin.Dial(path).Status(bounded(t)); err == nil {
		t.Error("a server that is closed answers")
	}
	if err := s.Serve(listen(t, "tcp", "127.0.0.1:0"), admin.Access{Token: secret}); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	s.Close(0)
}

// A master that hangs does not keep Close from returning.
func TestCloseWithAHangingMaster(t *testing.T) {
	s := newService(admin.Bounds{Master: patience})
	path := s.onUnix(t)
	s.master.Hang(true)
	failed := make(chan error, 1)
	go func() {
		_, err := admin.Dial(path).Restart(bounded(t), admin.Order{})
		failed <- err
	}()
	eventually(t, "the order is with the master", func() bool { return s.master.Calls("Restart") == 1 })
	s.Close(time.Millisecond)
	if err := <-failed; err == nil {
		t.Error("an order that was cut off succeeded")
	}
}
