package admin_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// 200 clients open a stream and never read. The master is not held up, others
// are answered, a client that reads has all events in order, and those that do
// not read are cut off, with nothing of them left.
func TestStalledClients(t *testing.T) {
	const stalled, least = 200, 100
	s := newService(admin.Bounds{Write: 500 * time.Millisecond})
	s.master.Keep(100_000)
	path := s.onUnix(t)
	client := admin.Dial(path)
	healthy, err := client.Follow(bounded(t), 0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer healthy.Close()
	until := make(chan uint64, 1) // the ID of the last event, once it is known
	read := make(chan error, 1)
	go func() { read <- readInOrder(healthy, until) }()
	base := runtime.NumGoroutine()

	conns := make([]net.Conn, stalled)
	for i := range conns {
		conns[i] = stall(t, path)
	}
	eventually(t, "all streams are there", func() bool { return s.Streams() == stalled+1 })

	event := admin.Event{Kind: admin.Failed, Output: strings.Repeat("x", 4<<10)}
	emitted, asked := 0, 0
	for ; emitted < least; emitted++ {
		s.master.Emit(event)
		if emitted%10 == 0 {
			if _, err := client.Status(bounded(t)); err != nil {
				t.Fatalf("after %d events: %v", emitted, err)
			}
			asked++
		}
	}
	eventually(t, "those that do not read are cut off", func() bool {
		s.master.Emit(event)
		emitted++
		return s.Streams() == 1
	})
	if got := s.master.Calls("Status"); got != asked {
		t.Errorf("%d calls of Status were done, want %d", got, asked)
	}
	until <- uint64(emitted)
	s.master.Emit(event) // so that the one who reads looks once more
	if err := <-read; err != nil {
		t.Error(err)
	}
	for _, c := range conns {
		c.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, c); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Error("a client that did not read is still connected")
		}
	}
	eventually(t, "their goroutines are gone", func() bool { return runtime.NumGoroutine() <= base })
}

// readInOrder takes all events from the first on, until it has had the last one.
func readInOrder(s *admin.Stream, until chan uint64) error {
	last := uint64(0)
	for next := uint64(1); last == 0 || next <= last; {
		m, err := s.Next()
		if err != nil {
			return fmt.Errorf("after event %d: %w", next-1, err)
		}
		if m.Lost != 0 {
			return fmt.Errorf("events were lost up to %d", m.Lost)
		}
		if m.Event != nil {
			if m.Event.ID != next {
				return fmt.Errorf("event %d came where %d was due", m.Event.ID, next)
			}
			next++
		}
		select {
		case last = <-until:
		default:
		}
	}
	return nil
}

// stall opens a stream and does not read.
func stall(t testing.TB, path string) net.Conn {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := fmt.Fprint(c, "GET /v1/events?after=0&samples=1 HTTP/1.1\r\nHost: overseer\r\nAccept: text/event-stream\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	return c
}
