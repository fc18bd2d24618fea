//go:build unix

package master

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
)

// household is a master whose events the test makes itself, with two workers.
type household struct {
	*Master
	t     *testing.T
	ends  map[machine.Gen]*handover.Conn // of the workers
	other *handover.Conn                 // the end of a way that stays with its maker
}

func newHousehold(t *testing.T, set machine.Settings) *household {
	h := &household{
		Master: New(Config{Settings: set, Log: slog.New(slog.DiscardHandler)}),
		t:      t, ends: map[machine.Gen]*handover.Conn{},
	}
	t.Cleanup(h.Master.close)
	for gen := machine.Gen(1); gen <= 2; gen++ {
		w := newWorker(h.Master, gen)
		conn, end, err := handover.Pair()
		if err != nil {
			t.Fatal(err)
		}
		w.conn = conn
		w.version.Store(handover.MaxVersion)
		h.workers[gen] = w
		if h.ends[gen], err = handover.NewConn(end); err != nil {
			t.Fatal(err)
		}
		h.ends[gen].SetReadDeadline(time.Now().Add(time.Minute))
		t.Cleanup(func() { h.ends[gen].Close() })
		h.beside.Go(func() { w.send(nil) })
	}
	for _, ev := range []machine.Event{machine.Boot{}, machine.Spawned{Gen: 1}, machine.Greeted{Gen: 1}, machine.SaidReady{Gen: 1}, machine.Opened{Gen: 1}} {
		h.machine.Step(ev)
	}
	return h
}

// restart makes generation 2 the live one.
func (h *household) restart() {
	for _, ev := range []machine.Event{machine.RestartAsked{}, machine.Spawned{Gen: 2}, machine.Greeted{Gen: 2}, machine.SaidReady{Gen: 2}, machine.Opened{Gen: 2}} {
		h.machine.Step(ev)
	}
}

// bring has generation 1 bring the end of a way.
func (h *household) bring() {
	h.t.Helper()
	conn, end, err := handover.Pair()
	if err != nil {
		h.t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	h.t.Cleanup(func() { conn.Close() })
	h.other = conn
	h.bequeath(bequest{from: h.workers[1], id: 7, end: end})
}

// hears waits for a message to a generation.
func (h *household) hears(gen machine.Gen, want handover.Message) []*os.File {
	h.t.Helper()
	got, files, err := h.ends[gen].Receive()
	if err != nil || got != want {
		h.t.Fatalf("generation %d hears %#v, %v; want %#v", gen, got, err, want)
	}
	return files
}

func (h *household) refused(reason string) {
	h.t.Helper()
	got, _, err := h.ends[1].Receive()
	m, ok := got.(handover.Bequeathed)
	if err != nil || !ok || !strings.Contains(m.Refused, reason) {
		h.t.Fatalf("generation 1 hears %#v, %v; want that it is refused: %s", got, err, reason)
	}
	if _, _, err := h.other.Receive(); err != io.EOF {
		h.t.Fatalf("the refused way ends with %v; want its end", err)
	}
}

func TestWayIsBroughtToTheHeir(t *testing.T) {
	h := newHousehold(t, machine.Settings{})
	h.restart()
	h.bring()
	h.hears(1, handover.Bequeathed{ID: 7, Heir: 2})
	files := h.hears(2, handover.Bequest{Generation: 1})
	if len(files) != 1 {
		t.Fatalf("%d descriptors came, want 1", len(files))
	}
	heir, err := handover.NewConn(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := h.other.Send(handover.Item{ID: 1}); err != nil {
		t.Fatal(err)
	}
	if m, _, err := heir.Receive(); err != nil || m.(handover.Item).ID != 1 {
		t.Fatalf("on the way: %#v, %v", m, err)
	}
	heir.Close()
	if _, _, err := h.other.Receive(); err != io.EOF {
		t.Fatalf("the way ends with %v; want its end: the master keeps a copy", err)
	}
}

func TestWayIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		do   func(h *household)
		says string
	}{
		"of the live one":       {func(*household) {}, "it is the live one itself"},
		"at the end":            {func(h *household) { h.machine.Step(machine.StopAsked{}) }, "the service ends"},
		"to an older protocol":  {func(h *household) { h.restart(); h.workers[2].version.Store(1) }, "generation 2 speaks an older version"},
		"where too many wait":   {func(h *household) { h.cover(); h.held = make([]bequest, heldWays); h.forget() }, "too many"},
		"to one that has ended": {func(h *household) { h.restart(); h.workers[2].close(); delete(h.workers, 2) }, "generation 2"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHousehold(t, machine.Settings{})
			row.do(h)
			h.bring()
			h.refused(row.says)
		})
	}
}

// cover makes generation 1 drain, and the next one to come.
func (h *household) cover() {
	h.machine.Step(machine.RestartAsked{})
	h.machine.Step(machine.Exited{Gen: 1, Code: 1})
}

// forget takes the test's own entries out in the end.
func (h *household) forget() { h.t.Cleanup(func() { h.held = nil }) }

// A way waits for a generation that is live, or, where generations run one at a
// time, for one that begins.
func TestWayIsHeld(t *testing.T) {
	t.Run("until one is live", func(t *testing.T) {
		h := newHousehold(t, machine.Settings{})
		h.cover()
		h.bring()
		for _, ev := range []machine.Event{machine.Spawned{Gen: 2}, machine.Greeted{Gen: 2}, machine.SaidReady{Gen: 2}, machine.Opened{Gen: 2}} {
			h.machine.Step(ev)
		}
		h.giveHeld()
		h.hears(1, handover.Bequeathed{ID: 7, Heir: 2})
		h.hears(2, handover.Bequest{Generation: 1})[0].Close()
	})
	t.Run("until one begins", func(t *testing.T) {
		h := newHousehold(t, machine.Settings{Sequential: true})
		h.machine.Step(machine.RestartAsked{})
		h.bring()
		h.hears(1, handover.Bequeathed{ID: 7, Held: true})
		left := make(chan error, 1)
		go func() { left <- h.workers[2].leave() }()
		(<-h.calls)() // as the owner does
		if err := <-left; err != nil {
			t.Fatal(err)
		}
		h.hears(2, handover.Bequest{Generation: 1, Held: true})[0].Close()
	})
	t.Run("and ends with the master", func(t *testing.T) {
		h := newHousehold(t, machine.Settings{Sequential: true})
		h.machine.Step(machine.RestartAsked{})
		h.bring()
		h.closeHeld()
		if _, _, err := h.other.Receive(); err != io.EOF {
			t.Fatalf("the way ends with %v; want its end", err)
		}
	})
}

// TestEndThatDidNotCome: a master that may open no more files says so, and what
// was to be handed over stays where it is.
func TestEndThatDidNotCome(t *testing.T) {
	h := newHousehold(t, machine.Settings{})
	served := make(chan struct{})
	go func() { defer close(served); (<-h.calls)() }()
	h.workers[1].heard(handover.Bequeath{ID: 7}, nil)
	<-served
	msg, _, err := h.ends[1].Receive()
	if told, ok := msg.(handover.Bequeathed); err != nil || !ok || told.ID != 7 || !strings.Contains(told.Refused, "ulimit -n") {
		t.Errorf("the generation is told %#v, %v; want a refusal of 7 that says what to do", msg, err)
	}
}
