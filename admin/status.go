package admin

import "time"

// A Status is what a master holds at one moment.
type Status struct {
	Name      string    `json:"name"`      // of the program: the last part of Binary
	Binary    string    `json:"binary"`    // path of what is installed
	PID       int       `json:"pid"`       // of the master
	Started   time.Time `json:"started"`   // when that process began, whatever it has become since
	Socket    string    `json:"socket"`    // path of the unix socket that the API is served on; empty: none
	Addresses []string  `json:"addresses"` // that the program listens on

	Condition   Condition    `json:"condition"`
	Live        int          `json:"live"`        // number of the live generation; 0: none
	Generations []Generation `json:"generations"` // oldest first
	Gone        []Generation `json:"gone"`        // the last that have ended, oldest first; 20 at most
	Starts      int          `json:"starts"`      // generations started so far
	Crashes     int          `json:"crashes"`     // ends of the program in a row
	Usage       Usage        `json:"usage"`       // of the master

	Operation *Operation `json:"operation"` // what is under way; null: nothing
	Waiting   *Candidate `json:"waiting"`   // a release that is staged and not tried yet; null: none
	Source    *Source    `json:"source"`    // where releases come from; null: there are no upgrades
	Hold      *Hold      `json:"hold"`      // automatic upgrades are held; null: they are not
	Refused   *Attempt   `json:"refused"`   // the last upgrade that did not become the installed one; null: none
	Rollback  []Target   `json:"rollback"`  // what a rollback can go to now
	LogLevel  string     `json:"log_level"` // debug, info, warn, error

	Event uint64    `json:"event"` // ID of the newest event
	Time  time.Time `json:"time"`  // of this status
}

// A Condition says in one word how a service is.
type Condition string

// The conditions.
const (
	Coming     Condition = "starting"   // the first generation comes up
	Serving    Condition = "serving"    // a generation is live and nothing is under way
	Restarting Condition = "restarting" // a generation comes up beside the live one
	OnTrial    Condition = "on trial"   // a release serves its probation
	Down       Condition = "down"       // no generation is live
	Ending     Condition = "stopping"   // the end was asked for
)

// A Release names the bytes that run.
type Release struct {
	Digest  string `json:"digest"`            // SHA-256, in hexadecimal
	Version string `json:"version,omitempty"` // where it is known
}

// A Generation is one run of the program.
type Generation struct {
	Number  int       `json:"number"`
	PID     int       `json:"pid,omitempty"` // 0: it has no process yet
	Phase   Phase     `json:"phase"`
	OnTrial bool      `json:"on_trial,omitempty"`
	Release Release   `json:"release"`
	Started time.Time `json:"started"`
	Since   time.Time `json:"since"`  // in this phase
	Phases  []Change  `json:"phases"` // all so far, the first one first

	Connections *Connections `json:"connections"` // null: it does not count them
	Usage       Usage        `json:"usage"`
	Restarts    int          `json:"restarts,omitempty"` // ends of the program in a row before this start
	Exit        string       `json:"exit,omitempty"`     // how it ended
	Output      string       `json:"output,omitempty"`   // what it wrote last on standard error
}

// A Phase is how far a generation has come:
//
//	starting -> ready -> probed -> live -> standby -> draining -> gone
type Phase string

// The phases.
const (
	PhaseStarting Phase = "starting" // its process was asked for; the program is not ready
	PhaseReady    Phase = "ready"    // the program is ready; its probe has not passed
	PhaseProbed   Phase = "probed"   // told to accept; it has not confirmed
	PhaseLive     Phase = "live"     // the one that accepts
	PhaseStandby  Phase = "standby"  // paused, may be put back at once
	PhaseDraining Phase = "draining" // finishing what it has
	PhaseGone     Phase = "gone"     // it has ended
)

// A Change is the beginning of a phase.
type Change struct {
	Phase Phase     `json:"phase"`
	At    time.Time `json:"at"`
}

// Connections are those of one generation.
type Connections struct {
	Open     int    `json:"open"`
	Accepted uint64 `json:"accepted"` // so far
}

// Usage is what one process takes. Where it cannot be known it is zero.
type Usage struct {
	RSS int64   `json:"rss"` // bytes
	CPU float64 `json:"cpu"` // seconds of processor time so far
}

// An Operation is a restart, an upgrade or a rollback that is under way.
type Operation struct {
	Kind       string     `json:"kind"`                 // restart, upgrade, rollback
	Stage      string     `json:"stage"`                // one of Stages
	Generation int        `json:"generation,omitempty"` // that comes up or is on trial
	Release    Release    `json:"release"`
	Since      time.Time  `json:"since"`           // in this stage
	Until      *time.Time `json:"until,omitempty"` // when the stage ends at the latest; null: it is not known
	Actor      string     `json:"actor,omitempty"` // who asked for it; empty: the master itself
}

// Stages returns the stages of an [Operation], in their order: a release is
// fetched and checked; a generation is started, gets ready, is probed, and accepts;
// one of another release serves its probation, and is installed.
func Stages() []string {
	return []string{"fetch", "preflight", "start", "ready", "probe", "open", "trial", "commit"}
}

// A Candidate is a staged release that waits.
type Candidate struct {
	Release
	Why string `json:"why"` // what it waits for, for people
}

// A Source is where releases come from.
type Source struct {
	Name   string     `json:"name"`
	Looked *time.Time `json:"looked,omitempty"` // when it was asked last; null: not yet
	Next   *time.Time `json:"next,omitempty"`   // when it is asked next
	Error  string     `json:"error,omitempty"`  // why the last look failed; empty: it did not
}

// A Hold keeps releases from being fetched and tried.
type Hold struct {
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until,omitempty"` // null: until it is released
	Reason string     `json:"reason,omitempty"`
	Actor  string     `json:"actor"`
}

// An Entry of the quarantine is a release that is not tried again.
type Entry struct {
	Digest string     `json:"digest"`
	Reason string     `json:"reason"`
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until,omitempty"` // null: until it is forgotten
}

// An Attempt is an upgrade, a rollback or a restart that found another binary:
// one change of release, from its beginning to its end.
type Attempt struct {
	Began      time.Time `json:"began"`
	Ended      time.Time `json:"ended,omitzero"` // zero: it is under way
	From       Release   `json:"from"`
	To         Release   `json:"to"`
	Generation int       `json:"generation,omitempty"`
	Result     Result    `json:"result"`
	Reason     string    `json:"reason,omitempty"`
	Output     string    `json:"output,omitempty"` // what the process wrote last, where it failed
	Actor      string    `json:"actor,omitempty"`
	Steps      []Step    `json:"steps"`
}

// A Step is one event of an [Attempt].
type Step struct {
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"`
}

// A Result is how an [Attempt] ended.
type Result string

// The results.
const (
	UnderWay      Result = "under way"
	ResultDone    Result = "committed"   // the release is the installed one
	ResultBack    Result = "rolled back" // it lost its trial
	ResultFailed  Result = "failed"      // it failed before it had traffic, or could not be installed
	ResultRefused Result = "refused"     // by PreUpgrade or its preflight
	ResultCut     Result = "interrupted" // the master ended meanwhile
)

// A Target is what a rollback can go to.
type Target string

// The targets.
const (
	ToStandby  Target = "standby"  // the generation that stands by during a trial: at once
	ToPrevious Target = "previous" // the binary that was installed before: it serves a probation
)

// A Sample is what changes all the time.
type Sample struct {
	Time        time.Time          `json:"time"`
	Usage       Usage              `json:"usage"` // of the master
	Generations []GenerationSample `json:"generations"`
}

// A GenerationSample is what one generation has and uses.
type GenerationSample struct {
	Number      int          `json:"number"`
	Phase       Phase        `json:"phase"`
	Connections *Connections `json:"connections"` // null: it does not count them
	Usage       Usage        `json:"usage"`
}
