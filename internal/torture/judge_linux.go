package main

import (
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// judgeFailures sorts what the clients have lost since the last time.
func (d *driver) judgeFailures() {
	if d.clients == nil {
		return
	}
	d.takeRuns()
	h := d.host
	h.mu.Lock()
	inherent, rest := judge(d.clients.lost(), h.harms)
	h.mu.Unlock()
	d.mu.Lock()
	for what, n := range inherent {
		d.report.Inherent[what] += n
	}
	d.report.Failed += len(rest)
	d.mu.Unlock()
	for _, f := range rest {
		d.story.violated("requests", "a client (%d of load %d) lost a request from %.3f to %.3f by %v, for no reason that is inherent: %v", f.client, f.load,
			f.start.Sub(d.story.began).Seconds(), f.end.Sub(d.story.began).Seconds(), f.kind, f.err)
	}
}

// takeRuns reads what the service's processes have told.
func (d *driver) takeRuns() {
	runs, next := readRuns(d.host.dir, d.readFrom)
	d.readFrom = next
	for _, r := range runs {
		switch {
		case r.What == "crashes":
			d.host.mu.Lock()
			d.host.harms = append(d.host.harms, &harm{What: "crash on trial", From: r.At, To: r.At, Cuts: true})
			d.host.mu.Unlock()
		case r.What == forgedRuns:
			d.story.violated("trust", "process %d is of a forged release, %s", r.PID, r.Version)
		case strings.HasPrefix(r.What, "child has"):
			d.story.violated("descriptors", "a child of the program of release %s was left descriptors: %s", r.Version, r.What)
		default:
			d.runs = append(d.runs, r)
		}
	}
}

// judgeRuns checks that nothing ran that was quarantined, which is told once it is on
// record. What an operator has asked for is no matter of the quarantine, and what is
// installed neither. A preflight is no run: it ends before the program begins, and one
// may have been about to start.
func (d *driver) judgeRuns(c *chronicle) {
	d.takeRuns()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range d.runs {
		digest := d.host.digestOf(r.Version)
		var since time.Time
		for _, e := range c.all {
			if e.Time.After(r.Started) {
				break
			}
			switch {
			case e.Kind == admin.Quarantined && e.Release == digest:
				since = e.Time
			case e.Kind == admin.RollbackAsked, e.Kind == admin.Forgotten && e.Release == digest, e.Kind == admin.Committed && e.Release == digest:
				since = time.Time{}
			}
		}
		const close = 100 * time.Millisecond
		if !since.IsZero() && r.Started.After(since.Add(close)) {
			d.story.violated("quarantine", "release %s ran (process %d, started at %.3f) although it was quarantined at %.3f", r.Version, r.PID,
				r.Started.Sub(d.story.began).Seconds(), since.Sub(d.story.began).Seconds())
		}
	}
	d.runs = nil
}
