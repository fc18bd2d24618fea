package watch

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/seed-3d078585/overseer/admin"
)

// followed is what the feed needs of a client.
type followed interface {
	Events(ctx context.Context, after uint64, max int) ([]admin.Event, bool, error)
	Follow(ctx context.Context, after uint64, samples bool) (*admin.Stream, error)
}

// seekAgain is the pause before a master is sought that could not be reached.
const seekAgain = 2 * time.Second

// feed sends what the master tells to out, until ctx ends; then it closes out. A
// stream seeks its master by itself for a while; when it gives up, another is
// begun.
func feed(ctx context.Context, c followed, out chan<- tea.Msg) {
	defer close(out)
	send := func(m tea.Msg) bool {
		select {
		case out <- m:
			return true
		case <-ctx.Done():
			return false
		}
	}
	last, begun := uint64(0), false
	for ctx.Err() == nil {
		err := error(nil)
		if !begun {
			var past []admin.Event
			if past, _, err = c.Events(ctx, 0, 50); err == nil {
				begun = true
				if n := len(past); n > 0 {
					last = past[n-1].ID
				}
				send(pastMsg(past))
			}
		}
		if err == nil {
			last, err = stream(ctx, c, last, send)
		}
		if ctx.Err() != nil || !send(lostMsg{err}) {
			return
		}
		select {
		case <-time.After(seekAgain):
		case <-ctx.Done():
		}
	}
}

// stream passes one on to its end, and returns the number of the last event.
func stream(ctx context.Context, c followed, last uint64, send func(tea.Msg) bool) (uint64, error) {
	s, err := c.Follow(ctx, last, true)
	if err != nil {
		return last, err
	}
	defer s.Close()
	for {
		m, err := s.Next()
		if err != nil {
			return last, err
		}
		if m.Event != nil {
			last = m.Event.ID
		}
		if !send(streamMsg(m)) {
			return last, ctx.Err()
		}
	}
}
