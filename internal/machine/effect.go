package machine

import "time"

// An Effect is something to be done. The owner carries effects out in the order
// in which they come; those whose result it reports as an event (named with
// each) may take their time.
type Effect interface{ effect() }

type (
	// Spawn starts the process of a generation: from the staged candidate with
	// this digest after its trial was recorded, or from the installed binary
	// where Candidate is empty. Answer: [Spawned] or [SpawnFailed], well within
	// FailTimeout: a stop does not wait longer for a process that may never be.
	Spawn struct {
		Gen       Gen
		Candidate Digest
	}

	// Probe asks a generation over a private connection whether it serves
	// well. Answer: [ProbeDone], within a bound of the owner's, or nothing
	// where the generation is dying: its end is the answer then.
	Probe struct{ Gen Gen }

	// Open lets a generation accept from the public sockets. Answer: [Opened].
	Open struct{ Gen Gen }

	// Pause makes a generation stop accepting on some sockets. What it has
	// accepted it goes on serving.
	Pause struct {
		Gen     Gen
		Sockets []int
	}

	// Drain makes a generation finish what it has and end, within Timeout.
	// Signal, if any, is shown to the program. Last says that no other
	// generation goes on with the sockets: what is queued on them must be
	// accepted before they are closed. Ending says the same of some sockets.
	Drain struct {
		Gen     Gen
		Timeout time.Duration
		Signal  int
		Last    bool
		Ending  []int
	}

	// Signal sends a signal to a generation's process.
	Signal struct {
		Gen    Gen
		Signal int
	}

	// Kill ends a generation's process by SIGKILL. Answer: [Exited].
	Kill struct{ Gen Gen }

	// SetTimer asks for [TimerFired] after a while, anew if it was set before.
	SetTimer struct {
		Timer Timer
		After time.Duration
	}

	// StopTimer takes a timer back; one that is not set may be stopped.
	StopTimer struct{ Timer Timer }

	// Ask puts the question before an automatic restart to the user's hook.
	// Answer: [Allowed].
	Ask struct{ Digest Digest }

	// Install makes a staged candidate the installed binary. Answer: [Installed].
	Install struct{ Digest Digest }

	// Restore puts what was installed before back in the place of a binary
	// that turned out bad while it was being installed.
	Restore struct{ Digest Digest }

	// EndTrial takes back the record of a trial that ends without a verdict.
	EndTrial struct{ Digest Digest }

	// Quarantine keeps a digest from being offered again.
	Quarantine struct {
		Digest Digest
		Reason string
	}

	// Discard removes a staged candidate.
	Discard struct{ Digest Digest }

	// Retire closes the master's copies of sockets that no generation to come
	// is given.
	Retire struct{ Sockets []int }

	// CheckSuccessor asks whether the installed binary, which must have this
	// digest, can go on in the place of this master: whether it reads what
	// [Machine.State] holds, and accepts its own configuration. Answer:
	// [SuccessorChecked], within a bound of the owner's.
	CheckSuccessor struct{ Digest Digest }

	// Succeed replaces this master by the installed binary, which must have
	// this digest, at once and with nothing happening in between. There is no
	// answer but [Stayed], where that cannot be done; the successor's machine
	// is made by [Resume].
	Succeed struct{ Digest Digest }

	// CloseSockets closes the master's own copies of the sockets: no
	// generation will be started again.
	CloseSockets struct{}

	// Exit ends the master. Unstarted means that no generation ever ran; Reason
	// says why.
	Exit struct {
		Code      int
		Unstarted bool
		Reason    string
	}

	// Report tells people what was decided and why.
	Report struct {
		Kind   Kind
		Gen    Gen
		Digest Digest
		Reason string
	}
)

func (Spawn) effect()          {}
func (Probe) effect()          {}
func (Open) effect()           {}
func (Pause) effect()          {}
func (Drain) effect()          {}
func (Signal) effect()         {}
func (Kill) effect()           {}
func (SetTimer) effect()       {}
func (StopTimer) effect()      {}
func (Ask) effect()            {}
func (Install) effect()        {}
func (Restore) effect()        {}
func (EndTrial) effect()       {}
func (Quarantine) effect()     {}
func (Discard) effect()        {}
func (Retire) effect()         {}
func (CheckSuccessor) effect() {}
func (Succeed) effect()        {}
func (CloseSockets) effect()   {}
func (Exit) effect()           {}
func (Report) effect()         {}

// A Timer names one running clock: what it bounds, and for which generation.
type Timer struct {
	Bound Bound
	Gen   Gen
}

// A Bound says what a timer is for.
type Bound string

// The bounds. Those marked with a generation have one timer for each.
const (
	BoundReady     Bound = "ready"     // generation: until it is ready and its probe has passed
	BoundSettle    Bound = "settle"    // generation: until one accepted socket counts for all
	BoundProbe     Bound = "probe"     // generation: until its next probe
	BoundOpen      Bound = "open"      // generation: until it confirms that it accepts
	BoundCover     Bound = "cover"     // generation: until the new one accepts on what this one holds
	BoundProbation Bound = "probation" // generation: until its trial is passed
	BoundStable    Bound = "stable"    // generation: until earlier crashes are forgotten
	BoundEnd       Bound = "end"       // generation: until it is killed
	BoundLost      Bound = "lost"      // generation: from the end of the conversation until it is killed
	BoundRespawn   Bound = "respawn"   // until a crashed program is started again
	BoundDefer     Bound = "defer"     // until the user's hook is asked again
	BoundRetry     Bound = "retry"     // until a candidate that was not at fault is tried again
	BoundSuccessor Bound = "successor" // until a successor that was not at fault is tried again
	BoundFinal     Bound = "final"     // until the master ends although a process or an installation does not
)

// A Kind says what a [Report] is about.
type Kind string

// The kinds of report.
const (
	KindStarting    Kind = "starting"    // a generation is being started
	KindLive        Kind = "live"        // a generation has taken over
	KindFailed      Kind = "failed"      // a generation failed before it had traffic
	KindSlow        Kind = "slow"        // the first generation is not ready in time; it is left alone
	KindUncovered   Kind = "uncovered"   // the new generation does not accept on a socket that the old one did
	KindExited      Kind = "exited"      // the live generation ended by itself
	KindKilled      Kind = "killed"      // a generation did not end in time
	KindGone        Kind = "gone"        // a generation has drained and ended
	KindTrial       Kind = "trial"       // a candidate is live and serves its probation
	KindUnhealthy   Kind = "unhealthy"   // a check failed during a trial
	KindCommitted   Kind = "committed"   // a candidate is the installed binary now
	KindUncommitted Kind = "uncommitted" // a candidate could not be installed
	KindRolledBack  Kind = "rolled back" // a candidate lost its trial
	KindWaiting     Kind = "waiting"     // a candidate is staged and waits for a restart
	KindDeferred    Kind = "deferred"    // the user's hook put a restart off
	KindPostponed   Kind = "postponed"   // a candidate failed through no fault of its own
	KindRemembered  Kind = "remembered"  // a restart was asked for during a restart
	KindIgnored     Kind = "ignored"     // something asked for cannot be done now
	KindRespawn     Kind = "respawn"     // a crashed program will be started again
	KindStopping    Kind = "stopping"    // the end was asked for
	KindSuccession  Kind = "succession"  // the master is about to be replaced by the installed binary
	KindStays       Kind = "stays"       // the master could not be replaced and goes on
)
