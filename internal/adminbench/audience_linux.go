package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// An audience is clients that follow the events of one master.
type audience struct {
	streams []*admin.Stream
	running sync.WaitGroup
	end     context.CancelFunc

	mu      sync.Mutex
	has     map[uint64]int       // how many clients have an event, by ID
	all     map[uint64]time.Time // when the last of them had it
	told    map[uint64]time.Time // when it happened
	samples int
	err     error         // the first thing that went wrong
	changed chan struct{} // closed and made anew when all have one more, or on an error
}

// gather has clients follow from after an event on.
func gather(ctx context.Context, socket string, after uint64, clients int, samples bool) (*audience, error) {
	ctx, end := context.WithCancel(ctx)
	a := &audience{
		end: end, has: map[uint64]int{}, all: map[uint64]time.Time{}, told: map[uint64]time.Time{},
		changed: make(chan struct{}),
	}
	for range clients {
		s, err := admin.Dial(socket).Follow(ctx, after, samples)
		if err != nil {
			a.leave()
			return nil, err
		}
		a.streams = append(a.streams, s)
	}
	for _, s := range a.streams { // none before all are there: an event is for all
		a.running.Go(func() { a.fail(a.listen(s, after)) })
	}
	return a, nil
}

func (a *audience) listen(s *admin.Stream, last uint64) error {
	for {
		m, err := s.Next()
		switch {
		case err != nil:
			return err
		case m.Sample != nil:
			a.mu.Lock()
			a.samples++
			a.mu.Unlock()
		case m.Event == nil:
			return fmt.Errorf("a client has lost its connection or events after event %d: %+v", last, m)
		case m.Event.ID != last+1:
			return fmt.Errorf("a client has event %d after event %d", m.Event.ID, last)
		default:
			last++
			a.heard(*m.Event)
		}
	}
}

func (a *audience) heard(e admin.Event) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.has[e.ID]++; a.has[e.ID] == len(a.streams) {
		a.all[e.ID], a.told[e.ID] = now, e.Time
		close(a.changed)
		a.changed = make(chan struct{})
	}
}

func (a *audience) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil && !errors.Is(err, context.Canceled) {
		a.err = err
		close(a.changed)
		a.changed = make(chan struct{})
	}
}

// await waits until all clients have an event, and returns when that was; without
// clients it does not wait.
func (a *audience) await(id uint64) (time.Time, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		a.mu.Lock()
		at, ok, err, changed := a.all[id], a.has[id] == len(a.streams), a.err, a.changed
		a.mu.Unlock()
		if ok || err != nil {
			return at, err
		}
		select {
		case <-changed:
		case <-timer.C:
			return at, fmt.Errorf("not all clients have had event %d within %v", id, patience)
		}
	}
}

// delays are the times from each event until all clients had it.
func (a *audience) delays() (all []time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, at := range a.all {
		all = append(all, at.Sub(a.told[id]))
	}
	return all
}

// leave ends all clients, and returns how many samples they had and what went
// wrong.
func (a *audience) leave() (samples int, err error) {
	a.end()
	for _, s := range a.streams {
		s.Close()
	}
	a.running.Wait()
	return a.samples, a.err
}
