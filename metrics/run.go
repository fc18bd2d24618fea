package metrics

import (
	"context"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// maxEvents is how many events are asked for at once.
const maxEvents = 1000

// status asks for the status, and counts the events that the master has told since
// the last time.
func (c *Collector) status(ctx context.Context) (admin.Status, error) {
	last, open := c.ledger.position() // before the status: so it cannot be ahead of it
	s, err := c.source.Status(ctx)
	if err == nil && c.feed != nil {
		// Without them the rest is still true.
		_ = c.catchUp(ctx, s, last, open)
	}
	return s, err
}

func (c *Collector) catchUp(ctx context.Context, s admin.Status, last admin.Event, open bool) error {
	if s.Event < last.ID { // a master without a state directory begins at 1 again
		c.ledger.restart(last)
		last = admin.Event{}
	}
	if open && s.Event == last.ID && !s.Started.After(last.Time) {
		return nil
	}
	// The last one is asked for again: it is another one where a new master has
	// come so far already.
	events, _, err := c.feed.events(ctx, max(last.ID, 1)-1, maxEvents)
	if err != nil {
		return err
	}
	if last.ID != 0 && len(events) > 0 && events[0].ID == last.ID && !events[0].Time.Equal(last.Time) {
		c.ledger.restart(last)
		if events, _, err = c.feed.events(ctx, 0, maxEvents); err != nil {
			return err
		}
	}
	c.ledger.take(events...)
	return nil
}

// The wait after a failure doubles up to a bound.
const (
	firstWait = 100 * time.Millisecond
	maxWait   = 10 * time.Second
)

// Run counts events as they come, until ctx ends, and then returns nil. Without it
// they are counted in each scrape, which is as good while the master keeps all
// events from one scrape to the next. A master that goes is waited for.
func (c *Collector) Run(ctx context.Context) error {
	if c.feed == nil {
		return ErrNoEvents
	}
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		if c.followOnce(ctx) {
			wait = firstWait
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// followOnce counts what comes until the source breaks, and reports whether any
// event came.
func (c *Collector) followOnce(ctx context.Context) (came bool) {
	begin, cancel := context.WithTimeout(ctx, c.timeout)
	_, err := c.status(begin)
	cancel()
	last, open := c.ledger.position()
	if err != nil || !open {
		return false
	}
	// Its error is of no account: whatever it is, the master is asked anew.
	_ = c.feed.follow(ctx, last.ID, func(e admin.Event) {
		came = true
		c.ledger.take(e)
	})
	return came
}
