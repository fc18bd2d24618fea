package admin_test

import (
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

func next(t *testing.T, s *admin.Stream) admin.Message {
	t.Helper()
	m, err := s.Next()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wantEvents takes events of these IDs.
func wantEvents(t *testing.T, s *admin.Stream, ids ...uint64) {
	t.Helper()
	for _, id := range ids {
		if m := next(t, s); m.Event == nil || m.Event.ID != id {
			t.Fatalf("got %+v, want event %d", m, id)
		}
	}
}

// A server that is replaced, and what happens meanwhile, costs a stream nothing.
func TestResume(t *testing.T) {
	path := filepath.Join(shortDir(t), "admin.sock")
	first := newService(admin.Bounds{})
	done := make(chan error, 1)
	l := listen(t, "unix", path)
	go func() { done <- first.Serve(l, admin.Access{Peer: true}) }()
	for range 3 {
		first.master.Emit(admin.Event{Kind: admin.Live})
	}
	stream, err := admin.Dial(path).Follow(bounded(t), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	wantEvents(t, stream, 1, 2, 3)
	first.Close(patience)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	first.master.Emit(admin.Event{Kind: admin.Succeeded})

	second := admin.NewServer(first.master, admin.Options{})
	(&service{second, first.master}).serve(t, listen(t, "unix", path), admin.Access{Peer: true})
	if m := next(t, stream); !m.Reconnected {
		t.Fatalf("got %+v, want to be told of the connection", m)
	}
	first.master.Emit(admin.Event{Kind: admin.Live})
	wantEvents(t, stream, 4, 5)
}

// A stream begins where it is asked to; where events are missing, it says so.
func TestStreamBegins(t *testing.T) {
	for _, c := range []struct {
		name   string
		query  string
		header []string
		want   []rawMessage // without data; ID and kind
	}{
		{"with what comes", "", nil, []rawMessage{{id: "7"}}},
		{"behind an event", "?after=4", nil, []rawMessage{{id: "5"}, {id: "6"}, {id: "7"}}},
		{"behind the newest", "?after=6", nil, []rawMessage{{id: "7"}}},
		{"behind the one of a browser", "?after=1", []string{"Last-Event-ID: 5"}, []rawMessage{{id: "6"}, {id: "7"}}},
		{"behind one that is not kept", "?after=1", nil, []rawMessage{{"3", "lost", `{"first":4}`}, {id: "4"}, {id: "5"}, {id: "6"}, {id: "7"}}},
		{"from the beginning", "?after=0", nil, []rawMessage{{"3", "lost", `{"first":4}`}, {id: "4"}}},
		{"behind one that has not been", "?after=100", nil, []rawMessage{{"3", "lost", `{"first":4}`}, {id: "4"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newService(admin.Bounds{})
			s.master.Keep(3)
			for range 6 {
				s.master.Emit(admin.Event{Kind: admin.Live})
			}
			r := openStream(t, s.onUnix(t), "/v1/events"+c.query, c.header)
			s.master.Keep(4)
			s.master.Emit(admin.Event{Kind: admin.Live})
			for _, want := range c.want {
				if want.kind == "" {
					want.kind = "event"
				}
				got := r.next(t)
				if want.data == "" {
					got.data = ""
				}
				if got != want {
					t.Fatalf("got %+v, want %+v", got, want)
				}
			}
		})
	}
}

// A stream that falls behind what the hub keeps has the rest from the master.
func TestStreamCatchesUp(t *testing.T) {
	const before, after = 3000, 2000
	s := newService(admin.Bounds{Write: patience})
	s.master.Keep(before + after)
	for range before {
		s.master.Emit(admin.Event{Kind: admin.Live})
	}
	path := s.onUnix(t)
	one, err := admin.Dial(path).Follow(bounded(t), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	for range after {
		s.master.Emit(admin.Event{Kind: admin.Live})
	}
	two, err := admin.Dial(path).Follow(bounded(t), 1, false)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	for id := uint64(1); id <= before+after; id++ {
		wantEvents(t, one, id)
		if id > 1 {
			wantEvents(t, two, id)
		}
	}
}

// A master that ends has its streams end, behind the last event.
func TestStreamEnds(t *testing.T) {
	s := newService(admin.Bounds{})
	r := openStream(t, s.onUnix(t), "/v1/events?after=0", nil)
	s.master.Emit(admin.Event{Kind: admin.Stopping})
	s.master.End()
	if m := r.next(t); m.id != "1" {
		t.Errorf("got %+v, want event 1", m)
	}
	if r.skip() || r.lines.Err() != nil {
		t.Errorf("the stream went on, or broke off: %v", r.lines.Err())
	}
}

// A stream that nobody can go on with says why.
func TestStreamGivesUp(t *testing.T) {
	s := newService(admin.Bounds{})
	path := filepath.Join(shortDir(t), "admin.sock")
	done := make(chan error, 1)
	l := listen(t, "unix", path)
	go func() { done <- s.Serve(l, admin.Access{Peer: true}) }()
	c := admin.Dial(path)
	c.SeekFor(time.Millisecond)
	stream, err := c.Follow(bounded(t), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	s.Close(patience)
	<-done
	_, err = stream.Next()
	var op *net.OpError
	if !errors.As(err, &op) {
		t.Errorf("got %v, want that nobody listens", err)
	}
	if _, again := stream.Next(); again != err {
		t.Errorf("another call: got %v, want the same error", again)
	}
}

// Where more happens than the master keeps, nothing is missing without a word.
func TestLossesAreTold(t *testing.T) {
	const events = 2000
	s := newService(admin.Bounds{})
	s.master.Keep(1)
	stream, err := admin.Dial(s.onUnix(t)).Follow(bounded(t), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for range events {
		s.master.Emit(admin.Event{Kind: admin.Live})
	}
	for due := uint64(1); due <= events; {
		m := next(t, stream)
		switch {
		case m.Lost > due:
			due = m.Lost
		case m.Event != nil && m.Event.ID == due:
			due++
		default:
			t.Fatalf("got %+v, want event %d or to be told of a loss", m, due)
		}
	}
}
