//go:build unix

package master

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/probe"
)

// probe asks a generation for its health, within ProbeTimeout.
func (m *Master) probe(gen machine.Gen) {
	w := m.workers[gen]
	var sockets []given
	if w != nil {
		sockets = m.sockets.list(w.sockets)
	}
	m.beside.Go(func() {
		ctx, cancel := context.WithTimeout(m.ctx, m.cfg.ProbeTimeout)
		defer cancel()
		ev := machine.ProbeDone{Gen: gen}
		if err := m.runProbe(ctx, w, sockets); err != nil {
			if w.dying() {
				return // its end is the answer, and says more
			}
			ev.Err = err.Error()
		}
		m.post(ev)
	})
}

// deathGrace is how far apart the ends of a dying process's connections are
// noticed. All are closed by its exit, in no order.
const deathGrace = 100 * time.Millisecond

// dying reports whether the conversation with a worker has ended. A failed probe
// then tells nothing of its health: it is crashing, and that is what the log and
// the user's hook must hear.
func (w *worker) dying() bool {
	if w == nil {
		return false
	}
	timer := time.NewTimer(deathGrace)
	defer timer.Stop()
	select {
	case <-w.lost:
		return true
	case <-timer.C:
		return false
	}
}

// runProbe runs the user's probe over connections to one generation.
func (m *Master) runProbe(ctx context.Context, w *worker, sockets []given) error {
	if w == nil {
		return errors.New("the generation is gone")
	}
	if w.foreign != nil {
		return w.foreign.probe(ctx, int(w.gen))
	}
	all := make([]*socket.Socket, len(sockets))
	for i, s := range sockets {
		all[i] = s.Socket
	}
	return m.probeAt(ctx, int(w.gen), all, func(ctx context.Context, i int) (net.Conn, error) {
		return w.dial(ctx, all[i].Network(), i)
	})
}

// probeAt runs the user's probe. One that does not heed its context is left
// behind: it holds up nobody.
func (m *Master) probeAt(ctx context.Context, generation int, sockets []*socket.Socket, dial func(context.Context, int) (net.Conn, error)) error {
	target := probe.Target{Generation: generation}
	var index []int
	for i, s := range sockets {
		if s.Kind() == socket.Stream {
			target.Addresses = append(target.Addresses, s.Address())
			index = append(index, i)
		}
	}
	target.Dial = func(ctx context.Context, i int) (net.Conn, error) {
		if i < 0 || i >= len(index) {
			return nil, fmt.Errorf("dial listener %d: the program has %d", i, len(index))
		}
		return dial(ctx, index[i])
	}
	result := make(chan error, 1)
	go func() {
		result <- guard("probe", func() error { return m.cfg.Probe(ctx, target) })
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer: %w", context.Cause(ctx))
	}
}

// guard turns a panic of the user's code into an error.
func guard(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s panicked: %v", what, p)
		}
	}()
	return f()
}
