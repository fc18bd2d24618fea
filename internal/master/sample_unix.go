//go:build unix

package master

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/usage"
)

// countTimeout bounds the wait for what generations say of their connections. One
// that takes longer is shown with what it said last.
const countTimeout = 250 * time.Millisecond

// A count waits for the generations that were asked for their connections.
type count struct {
	id   int
	owed map[machine.Gen]bool
	done chan struct{} // closed when all have answered
}

// countConnections asks all generations, and waits for the answers within a bound.
// Nobody is asked while nobody looks.
func (m *Master) countConnections(ctx context.Context) error {
	c := &count{owed: map[machine.Gen]bool{}, done: make(chan struct{})}
	err := m.inOwner(ctx, func() {
		m.lastCount-- // positive ones are the watchdog's
		c.id = m.lastCount
		for gen, w := range m.workers {
			if w.conn == nil || w.process == nil || w.version.Load() < pingVersion || w.owes {
				continue
			}
			w.owes = true // one that does not answer is not asked again: its queue is bounded
			w.tell(handover.Ping{ID: c.id})
			c.owed[gen] = true
		}
		if len(c.owed) == 0 {
			close(c.done)
			return
		}
		m.counts = append(m.counts, c)
	})
	if err != nil {
		return err
	}
	timer := time.NewTimer(countTimeout)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	return m.inOwner(ctx, func() {
		m.counts = slices.DeleteFunc(m.counts, func(o *count) bool { return o == c })
	})
}

// counted takes an answer, whoever has asked.
func (m *Master) counted(w *worker, p handover.Pong) {
	w.connections = &admin.Connections{Open: p.Open, Accepted: p.Accepted}
	if p.ID < 0 {
		w.owes = false
	}
	for _, c := range m.counts {
		if p.ID == c.id && c.owed[w.gen] {
			delete(c.owed, w.gen)
			if len(c.owed) == 0 {
				close(c.done)
			}
		}
	}
}

// inOwner has the owner run a function, and waits until it has. After the end it
// returns [admin.ErrEnded], and that of ctx when that ends first.
func (m *Master) inOwner(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case m.calls <- func() { defer close(done); f() }:
	case <-m.quit:
		return admin.ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-m.quit:
		return admin.ErrEnded
	}
}

// sample is the part of the status that changes all the time. The reading of
// /proc is the caller's, not the owner's.
func (m *Master) sample(ctx context.Context) (s admin.Sample, err error) {
	if err := m.countConnections(ctx); err != nil {
		return s, err
	}
	pids := map[int]int{}
	err = m.inOwner(ctx, func() {
		for _, one := range m.lives.now {
			s.Generations = append(s.Generations, admin.GenerationSample{
				Number: one.Number, Phase: one.Phase, Connections: m.connectionsOf(one.Number),
			})
			pids[one.Number] = one.PID
		}
	})
	for i := range s.Generations {
		s.Generations[i].Usage = usageOf(pids[s.Generations[i].Number])
	}
	s.Usage = usageOf(os.Getpid())
	s.Time = time.Now().UTC()
	return s, err
}

func (m *Master) connectionsOf(number int) *admin.Connections {
	w := m.workers[machine.Gen(number)]
	if w == nil || w.connections == nil {
		return nil
	}
	c := *w.connections
	return &c
}

func usageOf(pid int) admin.Usage {
	if pid == 0 {
		return admin.Usage{}
	}
	u := usage.Of(pid)
	return admin.Usage{RSS: u.RSS, CPU: u.CPU.Seconds()}
}
