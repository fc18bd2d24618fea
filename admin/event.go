package admin

import "time"

// An Event is something that a master has decided or learnt. Events are told in
// the order in which they happened; each is one line in the log.
type Event struct {
	// ID counts up from 1. It goes on over restarts of everything where the
	// master has a state directory that it may write to.
	ID   uint64    `json:"id"`
	Time time.Time `json:"time"`
	Kind Kind      `json:"kind"`

	Generation int    `json:"generation,omitempty"` // 0: it is not about one
	PID        int    `json:"pid,omitempty"`        // of that generation's process
	Release    string `json:"release,omitempty"`    // SHA-256 of the binary, in hexadecimal
	Version    string `json:"version,omitempty"`    // of that release, where it is known
	Reason     string `json:"reason,omitempty"`     // why, for people
	Actor      string `json:"actor,omitempty"`      // who asked for it; empty: the master itself
	Output     string `json:"output,omitempty"`     // what the process wrote last on standard error

	// Trace is the W3C trace context (traceparent) of the order that led to it,
	// where that had one. Source: W3C Trace Context, section 3.2.
	Trace string `json:"trace,omitempty"`
}

// A Kind says what an [Event] is about. New ones may be added.
type Kind string

// The kinds that are about a generation's life.
const (
	Starting   Kind = "starting"    // it is being started
	Live       Kind = "live"        // it has taken over, or has passed its probation
	Trial      Kind = "trial"       // it is another release, is live, and serves its probation
	Failed     Kind = "failed"      // it failed before it had traffic
	Slow       Kind = "slow"        // the first one is not ready in time; it is left alone
	Uncovered  Kind = "uncovered"   // it does not accept on a socket that the one before did
	Unhealthy  Kind = "unhealthy"   // a check failed during its trial
	RolledBack Kind = "rolled-back" // it lost its trial; the one before is put back
	Exited     Kind = "exited"      // it was live and ended by itself
	Killed     Kind = "killed"      // it did not end in time
	Gone       Kind = "gone"        // it has ended
	Respawn    Kind = "respawn"     // it crashed, and will be started again
)

// The kinds that are about a release.
const (
	Fetched     Kind = "fetched"      // it is staged and has passed its preflight
	FetchFailed Kind = "fetch-failed" // none could be fetched; said once for each cause
	FetchWorks  Kind = "fetch-works"  // fetching works again
	NothingNew  Kind = "nothing-new"  // the source was asked by hand and has nothing new
	Refused     Kind = "refused"      // PreUpgrade refused it, or it failed its preflight
	Waiting     Kind = "waiting"      // it waits for a restart
	Deferred    Kind = "deferred"     // MayRestart put its trial off
	Postponed   Kind = "postponed"    // it failed through no fault of its own and is tried again
	Committed   Kind = "committed"    // it is installed
	Uncommitted Kind = "uncommitted"  // it could not be installed
	Quarantined Kind = "quarantined"  // it is not tried again
	Forgotten   Kind = "forgotten"    // its quarantine was lifted
	Interrupted Kind = "interrupted"  // an earlier master ended while it was tried
)

// The kinds that are about the master.
const (
	Started       Kind = "started"        // it begins
	Succession    Kind = "succession"     // it is about to be replaced by the installed binary
	Succeeded     Kind = "succeeded"      // it goes on as that binary
	Stays         Kind = "stays"          // it could not be replaced and goes on
	Stopping      Kind = "stopping"       // its end was asked for
	RestartAsked  Kind = "restart-asked"  // somebody asked for a restart
	UpgradeAsked  Kind = "upgrade-asked"  // somebody asked for an upgrade now
	RollbackAsked Kind = "rollback-asked" // somebody asked for a rollback
	Held          Kind = "held"           // automatic upgrades are held
	Released      Kind = "released"       // they go on
	LogLevel      Kind = "log-level"      // the log says more, or less
	Remembered    Kind = "remembered"     // a restart was asked for during a restart
	Ignored       Kind = "ignored"        // what was asked for cannot be done now
)

// Kinds returns all kinds.
func Kinds() []Kind {
	return []Kind{
		Starting, Live, Trial, Failed, Slow, Uncovered, Unhealthy, RolledBack, Exited, Killed, Gone, Respawn,
		Fetched, FetchFailed, FetchWorks, NothingNew, Refused, Waiting, Deferred, Postponed, Committed, Uncommitted, Quarantined, Forgotten, Interrupted,
		Started, Succession, Succeeded, Stays, Stopping, RestartAsked, UpgradeAsked, RollbackAsked, Held, Released, LogLevel, Remembered, Ignored,
	}
}
