//go:build unix

package master

import (
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
)

// heirVersion is the version of the protocol that knows of ways.
const heirVersion = 2

// heldWays bounds the ends of ways that wait for a generation.
const heldWays = 16

// A bequest is the end of a way that a generation has brought. The other end
// stays with it, so closing this one says no.
type bequest struct {
	from *worker
	id   int
	end  *os.File
}

// bequeath brings the end of a way to the generation that goes on, or holds it
// for one to come. A sequential program's next generation begins when this one
// has ended: nobody waits for its answers.
func (m *Master) bequeath(b bequest) {
	heir, reason := m.machine.Heir(b.from.gen)
	sequential := m.cfg.Settings.Sequential
	switch {
	case reason != "":
		m.refuse(b, reason)
	case heir != 0:
		m.pass(b, heir)
	case len(m.held) == heldWays:
		m.refuse(b, "too many generations wait for one to come")
	default:
		m.held = append(m.held, b)
		if sequential {
			b.from.tell(handover.Bequeathed{ID: b.id, Held: true})
		}
	}
}

// pass sends it. A worker that does not read holds up nobody but those who wait
// for their own ends to be taken.
func (m *Master) pass(b bequest, heir machine.Gen) {
	w := m.workers[heir]
	if w == nil || w.version.Load() < heirVersion {
		m.refuse(b, fmt.Sprintf("generation %d speaks an older version of the protocol", heir))
		return
	}
	b.from.tell(handover.Bequeathed{ID: b.id, Heir: int(heir)})
	m.passing++
	m.beside.Go(func() {
		w.bequest(b, false) // where it fails the other end hears it
		m.call(func() { m.passing-- })
	})
}

// bequest sends the end of a way, and gives up the master's own copy.
func (w *worker) bequest(b bequest, held bool) error {
	defer b.end.Close()
	return w.conn.Send(handover.Bequest{Generation: int(b.from.gen), Held: held}, int(b.end.Fd()))
}

func (m *Master) refuse(b bequest, reason string) {
	b.end.Close()
	b.from.tell(handover.Bequeathed{ID: b.id, Refused: reason})
}

// giveHeld looks again for the heirs of what is held: a generation is live.
func (m *Master) giveHeld() {
	held := m.held
	m.held = nil
	for _, b := range held {
		m.bequeath(b)
	}
}

// closeHeld says no to all that wait.
func (m *Master) closeHeld() {
	for _, b := range m.held {
		b.end.Close()
	}
	m.held = nil
}

// leave gives a sequential program's next generation what the ones before have
// left, before it begins.
func (w *worker) leave() error {
	m := w.m
	if !m.cfg.Settings.Sequential || w.version.Load() < heirVersion {
		return nil
	}
	left := make(chan []bequest, 1)
	m.call(func() {
		left <- m.held
		m.held = nil
	})
	select {
	case held := <-left:
		for _, b := range held {
			if err := w.bequest(b, true); err != nil {
				return err
			}
		}
	case <-m.quit:
	}
	return nil
}
