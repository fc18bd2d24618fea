//go:build unix

package master

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// probePause is the time between two probes of a program that is coming up.
const probePause = 100 * time.Millisecond

// mostPatience bounds what a program may ask for: a bound grows to ten times its
// length and no further.
const mostPatience = 10

var errGone = errors.New("the process has ended")

// awaitReady waits until a program is ready, has ended, or ctx is done.
func (f *foreign) awaitReady(ctx context.Context, generation int) error {
	switch f.cmd.Ready {
	case ReadyByNotify:
		return f.await(ctx, f.said)
	case ReadyByProbe:
		return f.awaitHealth(ctx, generation)
	}
	return f.pause(ctx, f.cmd.ReadyAfter)
}

// awaitHealth probes a program until the probe passes.
func (f *foreign) awaitHealth(ctx context.Context, generation int) error {
	var err error
	for {
		failure := f.m.healthy(ctx, f, generation)
		if failure == nil {
			return nil
		}
		if err == nil || !over(ctx) {
			err = failure // one that the end of the wait has cut short says less
		}
		if ended := f.pause(ctx, probePause); ended != nil {
			return fmt.Errorf("%w; its last probe: %w", ended, err)
		}
	}
}

// over reports whether the time of a context has passed, also where its timer
// has not fired yet.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) <= 0
}

// healthy runs the probe once, within its bound.
func (m *Master) healthy(ctx context.Context, f *foreign, generation int) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.ProbeTimeout)
	defer cancel()
	return f.probe(ctx, generation)
}

// probe runs the user's probe. That all connections went to another generation
// says nothing of this one: it is not held against it.
func (f *foreign) probe(ctx context.Context, generation int) error {
	var elsewhere atomic.Bool // a probe that does not heed its context outlives this call
	err := f.m.probeAt(ctx, generation, f.sockets, func(ctx context.Context, i int) (net.Conn, error) {
		conn, err := f.dial(ctx, i)
		if errors.Is(err, errElsewhere) {
			elsewhere.Store(true)
		}
		return conn, err
	})
	if err != nil && elsewhere.Load() && ctx.Err() == nil {
		f.unheard.Do(func() {
			f.log.Warn("no connection of the probe reaches this generation, as another one accepts them all: its health is not known; see Command.PrivateProbe")
		})
		return nil
	}
	return err
}

// await waits for a sign of the program's.
func (f *foreign) await(ctx context.Context, sign <-chan struct{}) error {
	select {
	case <-sign:
		return nil
	case <-f.process.Done():
		return errGone
	case <-f.gone:
		return errGone
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// pause lets time pass in the program's life.
func (f *foreign) pause(ctx context.Context, d time.Duration) error {
	passed := make(chan struct{})
	timer := time.AfterFunc(d, func() { close(passed) })
	defer timer.Stop()
	return f.await(ctx, passed)
}

// expect notes a bound that the machine has set.
func (f *foreign) expect(bound machine.Timer, d time.Duration) {
	now := time.Now()
	f.bound, f.until, f.longest = &bound, now.Add(d), now.Add(mostPatience*d)
}

// extend gives a program the time that it asks for (EXTEND_TIMEOUT_USEC of
// sd_notify(3)): from now on, never less than it had, and within bounds.
func (f *foreign) extend(d time.Duration) {
	if f.bound == nil {
		return
	}
	until := time.Now().Add(d)
	if until.After(f.longest) {
		f.log.Debug("the program asks for more time than it can get", "asked", d, "left", time.Until(f.longest))
		until = f.longest
	}
	name := *f.bound
	if _, runs := f.m.timers.running[name]; !runs || !until.After(f.until) {
		return
	}
	f.until = until
	f.m.timers.set(name, time.Until(until), func() { f.m.step(machine.TimerFired{Timer: name}) })
}
