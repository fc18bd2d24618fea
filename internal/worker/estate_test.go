//go:build unix

package worker

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/item"
)

// heirOf carries the next way of a worker to another one, as the master does.
func (m *fakeMaster) heirOf(old *fakeMaster) {
	m.t.Helper()
	asked, ok := old.hear("bequeath").(handover.Bequeath)
	if !ok {
		m.t.Fatal("the worker brings no way")
	}
	end := next(m.t, old.files, "the end of a way")
	defer end.Close()
	old.say(handover.Bequeathed{ID: asked.ID, Heir: 4})
	m.say(handover.Bequest{Generation: 3}, end)
}

// admitted is a connection as the program of a worker has it, and its client.
func admitted(t *testing.T, w *Worker) (conn, client net.Conn) {
	t.Helper()
	s := bind(t, "tcp")
	client = dial(t, s)
	inner, err := s.Accept()
	must(t, err)
	return w.tally.admit(inner), client
}

func handing(w *Worker, it item.Item) <-chan error {
	result := make(chan error, 1)
	go func() { result <- w.Handover(context.Background(), it) }()
	return result
}

func inheriting(t *testing.T, w *Worker) (<-chan item.Item, <-chan error) {
	got, failed := make(chan item.Item, 1), make(chan error, 1)
	go func() {
		it, err := w.Inherited(t.Context())
		if err != nil {
			failed <- err
			return
		}
		got <- it
	}()
	return got, failed
}

// A connection that moves is counted by the one that has it: the drain of the
// old generation is over, and that of the new one waits.
func TestMovedConnectionIsCountedWhereItIs(t *testing.T) {
	old, oldMaster := connect(t, patience)
	heir, heirMaster := connect(t, patience)
	conn, client := admitted(t, old)
	got, _ := inheriting(t, heir)
	oldMaster.say(handover.Drain{Timeout: patience})
	next(t, old.Graceful, "the drain")
	silent(t, old.drained, "the drain is over, and a connection is open")
	result := handing(old, item.Item{Name: "conn", Conn: conn})
	heirMaster.heirOf(oldMaster)
	must(t, next(t, result, "the handover"))
	next(t, old.drained, "the end of the old drain")

	it := next(t, got, "the item")
	if _, counted := it.Conn.(*tcpConn); !counted || it.Name != "conn" {
		t.Fatalf("inherited %+v; want a connection that is counted", it)
	}
	heirMaster.say(handover.Drain{Timeout: patience})
	next(t, heir.Graceful, "the drain")
	silent(t, heir.drained, "the drain is over, and a connection is open")
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := it.Conn.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatalf("Read = %d, %v", n, err)
	}
	it.Conn.Close()
	next(t, heir.drained, "the end of the drain")
}

// Where an item is handed over while nothing else is open, the drain waits.
func TestDrainWaitsForAHandover(t *testing.T) {
	old, oldMaster := connect(t, patience)
	heir, heirMaster := connect(t, patience)
	conn, _ := admitted(t, old)
	oldMaster.say(handover.Drain{Timeout: patience})
	next(t, old.Graceful, "the drain")
	result := handing(old, item.Item{Data: []byte("state")})
	asked := oldMaster.hear("bequeath").(handover.Bequeath)
	conn.Close()
	silent(t, old.drained, "the drain is over, and an item is under way")
	end := next(t, oldMaster.files, "the end of a way")
	defer end.Close()
	oldMaster.say(handover.Bequeathed{ID: asked.ID, Heir: 4})
	heirMaster.say(handover.Bequest{Generation: 3}, end)
	it, err := heir.Inherited(t.Context())
	if err != nil || string(it.Data) != "state" {
		t.Fatalf("Inherited = %+v, %v", it, err)
	}
	must(t, next(t, result, "the handover"))
	next(t, old.drained, "the end of the drain")
}

func TestInheritedEndsWithTheDrain(t *testing.T) {
	w, m := connect(t, time.Second)
	_, failed := inheriting(t, w)
	silent(t, failed, "Inherited returns, and there is nothing")
	m.say(handover.Drain{Timeout: time.Second})
	if err := next(t, failed, "the end"); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Inherited = %v; want net.ErrClosed", err)
	}
}

func TestHandoverFails(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(t *testing.T, w *Worker, m *fakeMaster)
		says string
	}{
		{"before the drain", func(*testing.T, *Worker, *fakeMaster) {}, "does not drain: wait for State.GracefulShutdown"},
		{"under an older master", func(t *testing.T, w *Worker, m *fakeMaster) {
			w.Setup.Version = 1
			m.say(handover.Drain{Timeout: time.Second})
			next(t, w.Graceful, "the drain")
		}, "speaks an older version of the protocol"},
		{"when the master has died", func(t *testing.T, w *Worker, m *fakeMaster) {
			m.conn.Close()
			next(t, w.Graceful, "the drain")
		}, "find the generation that goes on: "},
		{"when nobody answers", func(t *testing.T, w *Worker, m *fakeMaster) {
			m.say(handover.Drain{Timeout: 200 * time.Millisecond})
			next(t, w.Graceful, "the drain")
		}, "no generation has taken it in time"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, m := connect(t, time.Second)
			row.do(t, w, m)
			err := next(t, handing(w, item.Item{Name: "a b"}), "the error")
			if err == nil || !strings.HasPrefix(err.Error(), `hand over "a b": `) || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("Handover = %v; want %q", err, row.says)
			}
		})
	}
}
