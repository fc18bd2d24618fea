package admin

import (
	"context"
	"errors"
	"time"
)

// A Master is what is shown and steered. Each method may be called by any
// goroutine and returns within moments, or when ctx ends. An order that cannot be
// carried out now is refused with a *[Conflict].
type Master interface {
	Status(ctx context.Context) (Status, error)

	// Sample is the part of the status that changes all the time.
	Sample(ctx context.Context) (Sample, error)

	// Events returns up to max of the events that are kept, in their order: the
	// newest of those after the given ID. known is false where events between
	// that ID and the first one returned are not kept any more.
	Events(after uint64, max int) (events []Event, known bool)

	// Follow returns those that come after the given ID, as they come.
	Follow(after uint64) Follower

	// History returns up to max changes of release, the newest first.
	History(ctx context.Context, max int) ([]Attempt, error)

	Restart(ctx context.Context, o Order) error

	// Upgrade has the release that waits tried now, or the source asked now.
	Upgrade(ctx context.Context, o Order) error

	Rollback(ctx context.Context, o Order, to Target) error

	// Hold keeps releases from being fetched and tried until then; the zero
	// time means until Release. It outlives the master.
	Hold(ctx context.Context, o Order, until time.Time) error
	Release(ctx context.Context, o Order) error

	Quarantine(ctx context.Context) ([]Entry, error)

	// Forget lifts the quarantine of a release. ErrNotFound: it is in none.
	Forget(ctx context.Context, o Order, digest string) error

	// SetLogLevel takes debug, info, warn or error.
	SetLogLevel(ctx context.Context, o Order, level string) error
}

// A Follower is told events one at a time, without a gap.
type Follower interface {
	// Next waits for the next event. It returns [ErrBehind] where so much has
	// come in the meantime that some of it is not kept any more, [ErrEnded]
	// when the master ends, and the error of ctx.
	Next(ctx context.Context) (Event, error)
}

// An Order is who wants something, and why.
type Order struct {
	Actor  string // who: a user's name, an address; it is shown with what it leads to
	Reason string // why, for people; may be empty

	// Generation is the live generation that the one who ordered has seen; where
	// another one is live by now, the order is refused. 0: whichever is live.
	Generation int

	// Trace is a W3C traceparent, or empty. The program sees it as the variable
	// TRACEPARENT.
	Trace string
}

// A Conflict is the answer to an order that cannot be carried out now.
type Conflict struct {
	Reason string

	// Passing says that the reason passes by itself within moments, as while
	// the master is being replaced: the same order may be given again.
	Passing bool
}

func (c *Conflict) Error() string { return c.Reason }

// Errors that can be matched.
var (
	ErrNotFound = errors.New("not found")
	ErrBehind   = errors.New("too far behind: some of the events are not kept any more")
	ErrEnded    = errors.New("the master has ended")
)
