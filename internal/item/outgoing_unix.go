//go:build unix

package item

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// answerTimeout bounds the wait for a word about an item that was withdrawn. The
// other side answers at once, unless it is stopped.
const answerTimeout = 5 * time.Second

var (
	// errElsewhere says that this way is of no use, and the item still here.
	errElsewhere = errors.New("the generation does not take items any more")

	errWithdrawn = errors.New("the item was withdrawn")
)

// outgoing is a way as the giver sees it.
type outgoing struct {
	Answer // once the master has given it
	conn   *handover.Conn
	room   chan struct{} // a token for each item under way
	done   chan struct{} // closed at the end of the way

	mu      sync.Mutex
	last    int
	waiting map[int]chan error // by item; each has room for its one verdict
	leaving bool               // the other generation takes no more
	ended   bool
}

func newOutgoing(conn *handover.Conn) *outgoing {
	o := &outgoing{
		conn:    conn,
		room:    make(chan struct{}, Window),
		done:    make(chan struct{}),
		waiting: map[int]chan error{},
	}
	go o.listen() // ends with the other side, at the latest
	return o
}

// over reports whether nothing can be handed over on this way any more.
func (o *outgoing) over() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.ended || o.leaving
}

// hand sends an item and waits for the verdict.
func (o *outgoing) hand(ctx context.Context, it Item) error {
	if o.Held {
		return o.bequeath(it)
	}
	select {
	case o.room <- struct{}{}:
		defer func() { <-o.room }()
	case <-o.done:
		return errElsewhere
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	id, verdict := o.expect()
	if verdict == nil {
		return errElsewhere
	}
	if err := send(o.conn, id, it); err != nil {
		if _, itself := err.(unsent); itself {
			o.forget(id)
			return err
		}
		// The way has ended, and a half of a frame is not read. But others may
		// have been confirmed, so what was said is heard before it is closed.
		o.conn.CloseRead()
		return <-verdict
	}
	select {
	case err := <-verdict:
		return err
	case <-ctx.Done():
		return o.withdraw(ctx, id, verdict)
	}
}

// bequeath writes an item that the kernel keeps until the next generation reads
// it. There is room: see wayBuffer.
func (o *outgoing) bequeath(it Item) error {
	select {
	case o.room <- struct{}{}: // for good
	default:
		return fmt.Errorf("the master holds no more than %d items for a generation to come", Window)
	}
	return send(o.conn, 0, it)
}

// expect returns nothing where the way has ended.
func (o *outgoing) expect() (id int, verdict chan error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return 0, nil
	}
	o.last++
	verdict = make(chan error, 1)
	o.waiting[o.last] = verdict
	return o.last, verdict
}

func (o *outgoing) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaving = true
}

func (o *outgoing) forget(id int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.waiting, id)
}

func (o *outgoing) decide(id int, verdict error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c, ok := o.waiting[id]; ok {
		delete(o.waiting, id)
		c <- verdict
	}
}

// withdraw takes an item back that nobody has taken in time, unless somebody
// just does.
func (o *outgoing) withdraw(ctx context.Context, id int, verdict chan error) error {
	o.conn.Send(handover.Withdraw{ID: id}) // an error ends the way, and with it the wait
	timer := time.NewTimer(answerTimeout)
	defer timer.Stop()
	var err error
	select {
	case err = <-verdict:
	case <-timer.C:
		o.conn.CloseRead() // what was not confirmed by now never will be
		err = <-verdict
	}
	if errors.Is(err, errWithdrawn) || errors.Is(err, errElsewhere) {
		return fmt.Errorf("%w: does the program of the new generation call State.Inherited?", context.Cause(ctx))
	}
	return err
}

// listen hears the verdicts. At the end of the way what has none is still here.
func (o *outgoing) listen() {
	for {
		m, files, err := o.conn.Receive()
		closeAll(files)
		if err != nil {
			break
		}
		switch m := m.(type) {
		case handover.Taken:
			o.decide(m.ID, nil)
		case handover.Untaken:
			if m.Elsewhere {
				o.leave()
			}
			o.decide(m.ID, untaken(m))
		}
	}
	o.conn.Close()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	close(o.done)
	for id, c := range o.waiting {
		delete(o.waiting, id)
		c <- errElsewhere
	}
}

func untaken(m handover.Untaken) error {
	switch {
	case m.Elsewhere:
		return errElsewhere
	case m.Reason == "":
		return errWithdrawn
	}
	return errors.New("the new generation has not taken it: " + m.Reason)
}
