package metrics

import (
	"context"

	"github.com/seed-3d078585/overseer/admin"
)

// A Source is asked in each scrape. An [admin.Client] is one, and so is each
// [admin.Master]. Where it tells no events, as those two do, there are no metrics
// that are counted from events.
type Source interface {
	Status(ctx context.Context) (admin.Status, error)
	Quarantine(ctx context.Context) ([]admin.Entry, error)
	History(ctx context.Context, max int) ([]admin.Attempt, error)
}

// A feed is how a source tells its events.
type feed interface {
	events(ctx context.Context, after uint64, max int) (events []admin.Event, known bool, err error)

	// follow calls take with each event after the given ID, until the source
	// ends, breaks, has to be asked anew, or ctx ends.
	follow(ctx context.Context, after uint64, take func(admin.Event)) error
}

// feedOf returns nil for a source that tells no events.
func feedOf(s Source) feed {
	switch s := s.(type) {
	case inside:
		return insideFeed{s}
	case outside:
		return outsideFeed{s}
	}
	return nil
}

// inside is a master in this process.
type inside interface {
	Events(after uint64, max int) (events []admin.Event, known bool)
	Follow(after uint64) admin.Follower
}

type insideFeed struct{ inside }

func (f insideFeed) events(_ context.Context, after uint64, max int) ([]admin.Event, bool, error) {
	events, known := f.Events(after, max)
	return events, known, nil
}

func (f insideFeed) follow(ctx context.Context, after uint64, take func(admin.Event)) error {
	for follower := f.Follow(after); ; {
		e, err := follower.Next(ctx)
		if err != nil {
			return err
		}
		take(e)
	}
}

// outside is a client of a master in another process.
type outside interface {
	Events(ctx context.Context, after uint64, max int) (events []admin.Event, known bool, err error)
	Follow(ctx context.Context, after uint64, samples bool) (*admin.Stream, error)
}

type outsideFeed struct{ outside }

func (f outsideFeed) events(ctx context.Context, after uint64, max int) ([]admin.Event, bool, error) {
	return f.Events(ctx, after, max)
}

// follow ends with each connection: behind the next one there may be a master that
// numbers its events anew.
func (f outsideFeed) follow(ctx context.Context, after uint64, take func(admin.Event)) error {
	stream, err := f.Follow(ctx, after, false)
	if err != nil {
		return err
	}
	defer stream.Close()
	for {
		m, err := stream.Next()
		switch {
		case err != nil:
			return err
		case m.Reconnected || m.Lost != 0:
			return nil
		case m.Event != nil:
			take(*m.Event)
		}
	}
}
