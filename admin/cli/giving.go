package cli

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// Bounds of waiting for a master that is being replaced.
const (
	replacedWithin = 10 * time.Second
	replacedPause  = 100 * time.Millisecond
)

// A giving gives an order to a master that is perhaps being replaced. That
// follows each upgrade and takes moments, and a script may well give the next
// order in them: it is refused then, or its connection ends.
type giving struct {
	client *admin.Client
	order  admin.Order
	asked  admin.Kind // of the event that tells that it was taken
	after  uint64     // the newest event before it
}

// askedKinds are the events that tell that an order was taken.
var askedKinds = map[string]admin.Kind{"restart": admin.RestartAsked, "upgrade": admin.UpgradeAsked, "rollback": admin.RollbackAsked}

// give gives it until it is taken, or refused for good. Where no answer came, the
// events say whether it was taken: nothing is ordered twice.
func (g giving) give(ctx context.Context, do func() (admin.Accepted, error)) (admin.Accepted, error) {
	for until := time.Now().Add(replacedWithin); ; {
		accepted, err := do()
		var conflict *admin.Conflict
		cut := admin.IsCut(err)
		if !cut && !(errors.As(err, &conflict) && conflict.Passing) || time.Now().After(until) {
			return accepted, err
		}
		select {
		case <-time.After(replacedPause):
		case <-ctx.Done():
			return accepted, err
		}
		if !cut {
			continue
		}
		if accepted, taken, looked := g.taken(ctx); looked != nil {
			return accepted, errors.Join(err, looked)
		} else if taken {
			return accepted, nil
		}
	}
}

// taken looks for the event of an order whose answer did not come.
func (g giving) taken(ctx context.Context) (a admin.Accepted, taken bool, err error) {
	all, _, err := g.client.Events(ctx, g.after, maxEvents)
	if err != nil {
		return a, false, err
	}
	for _, e := range all {
		if e.Kind == g.asked && e.Reason == g.order.Reason && e.Trace == g.order.Trace {
			return admin.Accepted{Event: e.ID - 1}, true, nil
		}
	}
	return a, false, nil
}
