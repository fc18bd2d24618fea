package takeover

import (
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A Takeover is a generation's way from its start to the end of its trial, or a
// release that never came so far:
//
//	handover -> trial -> ended
//	    \          \---> back -> ended
//	     \-------------> ended
type Takeover struct {
	Number     uint64 // of its own; a refusal may begin and end within another one
	Kind       Kind
	Generation int    // 0: the release had none
	Release    string // empty: not known yet
	Version    string
	Actor      string // who asked for it; empty: the master itself
	Trace      string // traceparent of the order, where it had one

	Asked   *admin.Event // the order that it follows; nil: it follows none
	Fetched *admin.Event // when its release was fetched; nil: not known

	// Began is when it was started. Partial means that its start was not seen,
	// and Began is the first that was.
	Began   time.Time
	Partial bool

	Stage Stage
	Since time.Time // in this stage

	Result Result // empty: it is under way
	Cause  Cause  // of a result other than Done
	Reason string // the same for people
}

// A Kind says why a generation was started.
type Kind string

// The kinds.
const (
	Start    Kind = "start"    // the first one of a master
	Restart  Kind = "restart"  // it takes over from one of the same release
	Upgrade  Kind = "upgrade"  // it is another release
	Rollback Kind = "rollback" // it is another release, as a rollback was asked for
	Respawn  Kind = "respawn"  // there was none any more to take over from
)

// A Stage is a part of the way.
type Stage string

// The stages.
const (
	Handover Stage = "handover" // from its start until it has traffic
	Trial    Stage = "trial"    // it has traffic and serves its probation
	Back     Stage = "back"     // it lost its trial, and the one before is put back
)

// A Result is how a takeover ended.
type Result string

// The results.
const (
	Done        Result = "done"        // it is live and proven; or is installed, where there is no trial
	Failed      Result = "failed"      // it failed before it had traffic, or could not be installed
	RolledBack  Result = "rolled_back" // it lost its trial
	Refused     Result = "refused"     // by PreUpgrade or its preflight
	Interrupted Result = "interrupted" // a stop, or the end of the master, cut it short; or its end was not seen
)

// Results returns all results.
func Results() []Result { return []Result{Done, Failed, RolledBack, Refused, Interrupted} }

// A Did says what a [Step] is.
type Did int

// What happens on the way.
const (
	Began  Did = iota // the takeover has begun
	Staged            // it has come to another stage
	Ended             // it has a result, which does not change any more
)

// A Step is what an event means for a takeover.
type Step struct {
	Did      Did
	Event    admin.Event
	Takeover Takeover // as it is after the step

	// Before is the stage that ends with this step, and lasted since Began or
	// since the step before. Empty with Began, and where there was none.
	Before Stage
	Lasted time.Duration
}
