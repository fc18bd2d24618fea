//go:build unix

package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/item"
)

// takeTimeout bounds the wait until the other generation has taken an item. One
// that wants them waits for them all the time.
const takeTimeout = 10 * time.Second

var errNobody = errors.New("no generation has taken it in time")

// heirVersion is the version of the protocol that knows of items.
const heirVersion = 2

// estate is what a worker has from other generations, and hands to them.
type estate struct {
	giver *item.Giver
	taker item.Taker

	mu       sync.Mutex
	bequests map[int]chan handover.Bequeathed
	last     int
}

// Handover hands an item to the generation that goes on. While it runs, the end
// of the drain waits for it as for a connection.
func (w *Worker) Handover(ctx context.Context, it item.Item) error {
	if err := w.mayHand(); err != nil {
		return fmt.Errorf("hand over %q: %w", it.Name, err)
	}
	w.tally.begin()
	defer w.tally.end()
	ctx, cancel := context.WithTimeoutCause(ctx, min(takeTimeout, time.Until(w.schedule.polite)), errNobody)
	defer cancel()
	sent := it
	sent.Conn = unwrapped(it.Conn)
	if err := w.estate.giver.Hand(ctx, sent); err != nil {
		return fmt.Errorf("hand over %q: %w", it.Name, err)
	}
	it.Close()
	return nil
}

func (w *Worker) mayHand() error {
	switch {
	case w.conn == nil || w.Setup.Version < heirVersion:
		return errors.New("the master speaks an older version of the protocol: restart the service once")
	case !w.Draining():
		return errors.New("this generation does not drain: wait for State.GracefulShutdown")
	}
	return nil
}

// unwrapped returns the connection in the wrapper of one of ours.
func unwrapped(c net.Conn) net.Conn {
	switch c := c.(type) {
	case *tcpConn:
		return c.TCPConn
	case *unixConn:
		return c.UnixConn
	}
	return c
}

// Inherited waits for the next item from another generation.
func (w *Worker) Inherited(ctx context.Context) (item.Item, error) {
	for {
		it, wait, err := w.inherit()
		if err != nil {
			return it, fmt.Errorf("inherit: %w", err)
		}
		if wait == nil {
			return it, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return it, fmt.Errorf("inherit: %w", ctx.Err())
		}
	}
}

// inherit takes an item, if there is one. A connection that comes while the
// generation begins to drain is counted before the drain may be over.
func (w *Worker) inherit() (item.Item, <-chan struct{}, error) {
	w.tally.begin()
	defer w.tally.end()
	it, wait, err := w.estate.taker.Take()
	if it.Conn != nil {
		it.Conn = w.tally.admit(it.Conn)
	}
	return it, wait, err
}

// bequest takes the end of a way from the master.
func (w *Worker) bequest(m handover.Bequest, files []*os.File) {
	for _, f := range files {
		w.estate.taker.Add(f, m.Held) // where it fails the other side sees the end of its own
	}
}

// bequeath brings the end of a way to the master, and waits for the answer.
func (w *Worker) bequeath(ctx context.Context, end *os.File) (item.Answer, error) {
	w.estate.mu.Lock()
	w.estate.last++
	id, reply := w.estate.last, make(chan handover.Bequeathed, 1)
	w.estate.bequests[id] = reply
	w.estate.mu.Unlock()
	defer func() {
		w.estate.mu.Lock()
		delete(w.estate.bequests, id)
		w.estate.mu.Unlock()
	}()
	err := w.conn.Send(handover.Bequeath{ID: id}, int(end.Fd()))
	end.Close()
	if err != nil {
		return item.Answer{}, err
	}
	select {
	case m := <-reply:
		if m.Refused != "" {
			return item.Answer{}, errors.New(m.Refused)
		}
		return item.Answer{Heir: m.Heir, Held: m.Held}, nil
	case <-w.lost:
		return item.Answer{}, errors.New("the master has gone")
	case <-ctx.Done():
		return item.Answer{}, context.Cause(ctx)
	}
}

func (w *Worker) bequeathed(m handover.Bequeathed) {
	w.estate.mu.Lock()
	defer w.estate.mu.Unlock()
	if reply, ok := w.estate.bequests[m.ID]; ok {
		delete(w.estate.bequests, m.ID)
		reply <- m
	}
}
