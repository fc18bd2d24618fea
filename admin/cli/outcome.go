package cli

import (
	"fmt"

	"github.com/seed-3d078585/overseer/admin"
)

// An Outcome is what became of an order, and what --json writes of it.
type Outcome struct {
	Order      string        `json:"order"`  // restart, upgrade, rollback
	Result     Result        `json:"result"` // see there
	Reason     string        `json:"reason,omitempty"`
	Output     string        `json:"output,omitempty"`     // what the process wrote last, where it failed
	Generation int           `json:"generation,omitempty"` // that came up, or was put back
	Release    string        `json:"release,omitempty"`
	Version    string        `json:"version,omitempty"`
	Event      uint64        `json:"event"`  // the newest before the order
	Events     []admin.Event `json:"events"` // since, as far as it was followed
}

// A Result is how an order ended.
type Result string

// The results.
const (
	Ordered    Result = "ordered"     // accepted, and not followed
	IsLive     Result = "live"        // the new generation is live, or the one before is put back
	Installed  Result = "committed"   // the release has passed its trial and is installed
	NothingNew Result = "nothing new" // the source has nothing that is newer
	Staged     Result = "waiting"     // a release is staged and waits; the reason says for what
	HasFailed  Result = "failed"      // what came up failed; the one before serves
	WentBack   Result = "rolled-back" // it lost its trial; the one before serves
	WasRefused Result = "refused"     // the release was refused before it ran
	Unknown    Result = "unknown"     // it was not waited for any longer
)

// ok reports whether a result is what was wanted.
func (r Result) ok() bool {
	switch r {
	case Ordered, IsLive, Installed, NothingNew, Staged:
		return true
	}
	return false
}

// A course follows the events after an order until it is clear what became of it.
// It is pure: events in, an outcome out.
//
//	restart   asked -> starting G -> live G
//	                            \-> trial G (another binary was found) -> committed
//	upgrade   asked -> fetched -> starting G -> trial G -> committed
//	rollback  asked -> rolled-back -> live G (standby), or as an upgrade (previous)
type course struct {
	Outcome
	target admin.Target // of a rollback

	started bool // the generation of Outcome is ours
	trial   bool // it is another release than before
	back    bool // it lost its trial; the end is the next that is live
	done    bool
}

func newCourse(order string, to admin.Target, accepted uint64) *course {
	return &course{Outcome: Outcome{Order: order, Event: accepted, Events: []admin.Event{}}, target: to}
}

func (c *course) end(r Result, e admin.Event) {
	c.done, c.Result = true, r
	if c.Reason == "" {
		c.Reason = e.Reason
	}
	if c.Output == "" {
		c.Output = e.Output
	}
}

// take takes the next event.
func (c *course) take(e admin.Event) {
	if c.done {
		return
	}
	c.Events = append(c.Events, e)
	mine := c.started && e.Generation == c.Generation
	switch e.Kind {
	case admin.Starting:
		if !c.back {
			c.started, c.Generation, c.Release, c.Version = true, e.Generation, e.Release, e.Version
		}
	case admin.Trial:
		if mine {
			c.trial = true
			c.learn(e)
		}
	case admin.Live:
		c.live(e, mine)
	case admin.Committed:
		if c.started && (e.Generation == 0 || mine) && (e.Release == c.Release || c.Release == "" || e.Release == "") {
			c.learn(e)
			c.end(Installed, admin.Event{})
		}
	case admin.RolledBack:
		c.rolledBack(e, mine)
	case admin.Failed:
		if mine {
			c.end(HasFailed, e)
		}
	case admin.Exited, admin.Gone:
		if mine && !c.back && !c.trial {
			c.end(HasFailed, e)
		}
	case admin.Stopping:
		c.end(HasFailed, admin.Event{Reason: "the service is being stopped: " + e.Reason})
	case admin.Ignored:
		c.end(HasFailed, e)
	}
	if c.Order == "upgrade" && !c.done {
		c.upgrade(e)
	}
}

func (c *course) learn(e admin.Event) {
	if e.Release != "" {
		c.Release = e.Release
	}
	if e.Version != "" {
		c.Version = e.Version
	}
}

func (c *course) live(e admin.Event, mine bool) {
	switch {
	case c.back:
		failed := c.Order != "rollback" || c.target == admin.ToPrevious
		if failed {
			c.end(WentBack, admin.Event{})
			return
		}
		c.Generation, c.Release, c.Version, c.Reason = e.Generation, "", "", ""
		c.learn(e)
		c.end(IsLive, admin.Event{})
	case mine && c.trial:
		c.end(Installed, admin.Event{})
	case mine:
		c.learn(e)
		c.end(IsLive, admin.Event{})
	}
}

// rolledBack is what a rollback to the standby wants, and the end of all else. The
// end is told when the one before accepts again.
func (c *course) rolledBack(e admin.Event, mine bool) {
	toStandby := c.Order == "rollback" && c.target != admin.ToPrevious && !c.started
	if !mine && !toStandby {
		return
	}
	c.back, c.Reason, c.Output = true, e.Reason, e.Output
}

// upgrade takes what an upgrade alone can end with.
func (c *course) upgrade(e admin.Event) {
	switch e.Kind {
	case admin.Fetched:
		c.learn(e)
	case admin.NothingNew:
		c.end(NothingNew, e)
	case admin.Refused:
		c.learn(e)
		c.end(WasRefused, e)
	case admin.FetchFailed:
		c.end(HasFailed, e)
	case admin.Waiting:
		c.learn(e)
		if e.Reason == "" {
			e.Reason = "it waits for a restart"
		}
		c.end(Staged, e)
	case admin.Postponed, admin.Interrupted, admin.Quarantined:
		if !c.back {
			c.end(HasFailed, e)
		}
	}
}

// sentence says an outcome to a person.
func (c *course) sentence() string {
	release := ReleaseName(admin.Release{Digest: c.Release, Version: c.Version})
	because := ""
	if c.Reason != "" {
		because = ": " + c.Reason
	}
	switch c.Result {
	case Ordered:
		return c.Order + " is ordered"
	case IsLive:
		return fmt.Sprintf("generation %d is live, %s", c.Generation, release)
	case Installed:
		return fmt.Sprintf("%s is installed; generation %d is live", release, c.Generation)
	case NothingNew:
		return "there is nothing new"
	case Staged:
		return release + " is staged and waits" + because
	case HasFailed:
		return c.Order + " failed" + because
	case WentBack:
		return release + " lost its trial, and the one before is put back" + because
	case WasRefused:
		return release + " was refused" + because
	}
	return c.Order + " is not waited for any longer; it may still happen"
}
