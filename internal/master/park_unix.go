//go:build unix

package master

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// parkTimeout bounds the wait for what runs beside to come to a rest before a
// succession. What takes longer hangs, and the master goes on as it is.
const parkTimeout = 2 * time.Second

// park stops both directions of the conversation between two messages, and the
// reading of the process's pipes. Nothing is lost: what was not read stays in
// the kernel, or in the Conn.
func (w *worker) park(deadline context.Context) error {
	w.conn.Interrupt()
	close(w.rest)
	for _, halted := range []chan struct{}{w.received, w.sent} {
		select {
		case <-halted:
		case <-deadline.Done():
			return fmt.Errorf("generation %d does not take what the master says", w.gen)
		}
	}
	return w.process.Interrupt(parkTimeout)
}

// unpark goes on where park has stopped, also where it has failed.
func (w *worker) unpark() {
	w.process.Resume()
	w.conn.SetReadDeadline(time.Time{})
	w.converse()
}

// converse runs both directions of the conversation, until it ends or is parked.
func (w *worker) converse() {
	before := []chan struct{}{w.received, w.sent}
	w.rest, w.received, w.sent = make(chan struct{}), make(chan struct{}), make(chan struct{})
	rest, received, sent := w.rest, w.received, w.sent
	m := w.m
	m.beside.Go(func() {
		await(before)
		defer close(sent)
		w.send(rest)
	})
	m.beside.Go(func() {
		await(before)
		defer close(received)
		w.receive(rest)
	})
}

// await waits for those who were asked to stop and have not come to it.
func await(before []chan struct{}) {
	for _, c := range before {
		if c != nil {
			<-c
		}
	}
}

// updates is the fetching beside the master.
type updates struct {
	run    func(context.Context) // nil: there is none
	keep   func() []byte         // what the next image's run is to know
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

func (u *updates) start() {
	if u.run == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	u.cancel, u.done = cancel, done
	go func() {
		defer close(done)
		u.run(ctx)
	}()
}

// stop ends the fetching and waits for that, within a bound.
func (u *updates) stop(timeout time.Duration) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cancel == nil {
		return nil
	}
	u.cancel()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-u.done:
		u.cancel = nil
		return nil
	case <-timer.C:
		return fmt.Errorf("the fetching of releases does not end within %v", timeout)
	}
}
