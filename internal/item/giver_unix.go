//go:build unix

package item

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// An Answer is what the master says about the end of a way.
type Answer struct {
	Heir int  // the generation that has it; 0 where it is held
	Held bool // it waits for a generation that does not run yet
}

// A Giver hands items to the generation that goes on. Hand may be called by many
// goroutines.
type Giver struct {
	ask  func(ctx context.Context, end *os.File, except int) (Answer, error)
	turn chan struct{} // holds one token, for whoever looks after way
	way  *outgoing
}

// NewGiver returns a giver that brings the ends of its ways to the master by
// ask. The file stays the giver's; except is a generation that did not take
// what was given, or 0.
func NewGiver(ask func(ctx context.Context, end *os.File, except int) (Answer, error)) *Giver {
	return &Giver{ask: ask, turn: make(chan struct{}, 1)}
}

// Hand hands an item over. On success the caller closes its own copy of what is
// in it; on an error the item is as it was.
func (g *Giver) Hand(ctx context.Context, it Item) error {
	if err := it.check(); err != nil {
		return err
	}
	var before *outgoing
	for {
		way, err := g.other(ctx, before)
		if err != nil {
			return err
		}
		if err = way.hand(ctx, it); !errors.Is(err, errElsewhere) {
			return err
		}
		before = way
	}
}

// other returns the way to the generation that goes on, and not the one that was
// of no use before.
func (g *Giver) other(ctx context.Context, before *outgoing) (*outgoing, error) {
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if g.way != nil && g.way != before && !g.way.over() {
		return g.way, nil
	}
	except := 0
	if g.way != nil {
		if g.way.Held {
			return nil, errors.New("what the master holds for the next generation has come to its end")
		}
		except = g.way.Heir
	}
	conn, end, err := handover.Pair()
	if err != nil {
		return nil, err
	}
	defer end.Close()
	answer, err := g.ask(ctx, end, except)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("find the generation that goes on: %w", err)
	}
	g.way = newOutgoing(conn, answer)
	return g.way, nil
}
