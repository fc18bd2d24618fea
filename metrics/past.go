package metrics

import (
	"context"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// past is what a master keeps on its disk. It changes with an event only, so it is
// asked for again when there was one.
type past struct {
	known     bool
	event     uint64    // newest event when it was asked for
	started   time.Time // of the master that said so
	installed time.Time // when a release was installed last; zero: never
	entries   []admin.Entry
}

// looksBack is how many changes of release are looked through for one that was
// installed.
const looksBack = 100

// refresh returns the past as it is with this status. Where it cannot be asked
// for, it is not known.
func (c *Collector) refresh(ctx context.Context, s admin.Status) past {
	c.mu.Lock()
	p := c.past
	c.mu.Unlock()
	if p.known && p.event == s.Event && p.started.Equal(s.Started) {
		return p
	}
	entries, err := c.source.Quarantine(ctx)
	if err != nil {
		return past{}
	}
	attempts, err := c.source.History(ctx, looksBack)
	if err != nil {
		return past{}
	}
	p = past{known: true, event: s.Event, started: s.Started, entries: entries}
	for _, a := range attempts {
		if a.Result == admin.ResultDone && a.Ended.After(p.installed) {
			p.installed = a.Ended
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past = p
	return p
}

// quarantined counts the entries that have not expired.
func (p past) quarantined(now time.Time) int {
	n := 0
	for _, e := range p.entries {
		if e.Until == nil || e.Until.After(now) {
			n++
		}
	}
	return n
}
