//go:build unix

package item

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

const (
	// pause is the time between two ways. The master may not know yet that a
	// generation has died, and send the next one to it, too.
	pause = 50 * time.Millisecond

	// answerGrace is how long the master's answer is waited for where the way
	// has ended already: the two come by different sockets. A master that was
	// replaced in this moment may have lost the question.
	answerGrace = time.Second
)

// An Answer is what the master says about the end of a way.
type Answer struct {
	Heir int  // the generation that has it; 0 where it is held
	Held bool // it waits for a generation that does not run yet
}

// An Ask brings the end of a way, which it closes here, to the master, and
// returns its answer.
type Ask func(ctx context.Context, end *os.File) (Answer, error)

// A Giver hands items to the generation that goes on. Hand may be called by many
// goroutines.
type Giver struct {
	ask  Ask
	turn chan struct{} // holds one token, for whoever looks after way
	way  *outgoing
}

// NewGiver returns a giver without a way.
func NewGiver(ask Ask) *Giver { return &Giver{ask: ask, turn: make(chan struct{}, 1)} }

// Hand hands an item over. On success the caller closes its own copy of what is
// in it; on an error the item is as it was.
func (g *Giver) Hand(ctx context.Context, it Item) error {
	if err := it.check(); err != nil {
		return err
	}
	for {
		way, err := g.open(ctx)
		if err == nil {
			err = way.hand(ctx, it)
		}
		if !errors.Is(err, errElsewhere) {
			return err
		}
	}
}

// open returns a way that has not ended.
func (g *Giver) open(ctx context.Context) (*outgoing, error) {
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	switch {
	case g.way == nil:
	case !g.way.over():
		return g.way, nil
	case g.way.Held:
		return nil, errors.New("what the master held for the next generation is lost with it")
	default:
		if err := wait(ctx, pause); err != nil {
			return nil, err
		}
	}
	conn, end, err := handover.Pair()
	if err != nil {
		return nil, err
	}
	conn.SetWriteBuffer(wayBuffer) // without it some items fewer can be left
	way := newOutgoing(conn)
	way.Answer, err = g.find(ctx, way, end)
	if err == nil || errors.Is(err, errElsewhere) {
		g.way = way // which has ended already, in the second case
		return way, nil
	}
	conn.Close()
	g.way = nil
	return nil, fmt.Errorf("find the generation that goes on: %w", err)
}

// find asks the master, until some time after the way has ended.
func (g *Giver) find(ctx context.Context, way *outgoing, end *os.File) (Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-way.done:
			if wait(ctx, answerGrace) == nil {
				cancel(errElsewhere)
			}
		case <-ctx.Done():
		}
	}()
	return g.ask(ctx, end)
}

// wait returns why it ended early.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
