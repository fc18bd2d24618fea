package tracing

import (
	"context"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// The wait for a master that is gone doubles up to a bound.
const (
	firstWait = 100 * time.Millisecond
	maxWait   = 10 * time.Second
	statusFor = 10 * time.Second
)

// Follow has a tracer observe the events of a master in another process, until ctx
// ends, and then returns its error. It begins with what comes next, so that
// nothing is traced twice when it is started anew. A master that goes is waited
// for, and events go on where they stopped. The tracer is not closed.
func Follow(ctx context.Context, client *admin.Client, t *Tracer) error {
	f := following{client: client, tracer: t}
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, maxWait) {
		if f.once(ctx) {
			wait = firstWait
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	return ctx.Err()
}

type following struct {
	client *admin.Client
	tracer *Tracer
	last   uint64 // event that was observed
	known  bool   // last is
}

// once follows one stream to its end, and reports whether there was one. Its
// errors are of no account: whatever they are, it is tried again.
func (f *following) once(ctx context.Context) bool {
	if !f.known {
		ctx, cancel := context.WithTimeout(ctx, statusFor)
		defer cancel()
		s, err := f.client.Status(ctx)
		if err != nil {
			return false
		}
		f.last, f.known = s.Event, true
	}
	stream, err := f.client.Follow(ctx, f.last, false)
	if err != nil {
		return false
	}
	defer stream.Close()
	for {
		m, err := stream.Next()
		if err != nil {
			return true
		}
		if m.Lost != 0 {
			f.last = m.Lost - 1
		}
		if m.Event != nil {
			f.last = m.Event.ID
			f.tracer.Observe(*m.Event)
		}
	}
}
