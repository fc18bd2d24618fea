package metrics

import (
	"context"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// past is what a master keeps on its disk. It is asked for in each scrape, and not
// when an event tells of a change: the event may come before the disk has it.
type past struct {
	installed   time.Time // when a release was installed last; zero: never, or not known
	quarantined int       // releases; -1: not known
}

// looksBack is how many changes of release are looked through for one that was
// installed.
const looksBack = 100

// look asks for the past. What cannot be asked for is not known.
func (c *Collector) look(ctx context.Context, now time.Time) past {
	p := past{quarantined: -1}
	if entries, err := c.source.Quarantine(ctx); err == nil {
		p.quarantined = inForce(entries, now)
	}
	attempts, err := c.source.History(ctx, looksBack)
	if err != nil {
		return p
	}
	for _, a := range attempts {
		if a.Result == admin.ResultDone && a.Ended.After(p.installed) {
			p.installed = a.Ended
		}
	}
	return p
}

// inForce counts the entries that have not expired, by the master's clock.
func inForce(entries []admin.Entry, now time.Time) (n int) {
	for _, e := range entries {
		if e.Until == nil || e.Until.After(now) {
			n++
		}
	}
	return n
}
