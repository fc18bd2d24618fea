package machine

// An Event is something that happened. The owner feeds events to [Machine.Step]
// one at a time, in the order in which it learnt of them.
type Event interface{ event() }

type (
	// Boot asks for the first generation. It is the first event.
	Boot struct{}

	// RestartAsked asks for a new generation. Force skips the hook that is
	// asked before an automatic restart, for a candidate that waits on it.
	RestartAsked struct {
		By    string
		Force bool
	}

	// TryAsked asks for the trial of the release that waits, whatever it waits
	// for.
	TryAsked struct{}

	// LookAsked asks whether the source may be asked for a release by hand:
	// see [Machine.Refuses]. Step has nothing to do for it.
	LookAsked struct{}

	// RollBackAsked asks for the end of the trial that is under way: the
	// generation that stands by is put back. Why is "asked by …".
	RollBackAsked struct{ Why string }

	// Reverted says that the binary which was installed before is staged, to
	// be tried at once. Why is "asked by …".
	Reverted struct {
		Digest Digest
		Why    string
	}

	// Held turns automatic upgrades off, or on again. A trial that is under way
	// goes on.
	Held struct{ On bool }

	// Forgotten says that the quarantine of a digest was lifted.
	Forgotten struct{ Digest Digest }

	// StopAsked asks for the end of everything. Signal is the number of the
	// signal that asked, 0 where none did; the program gets to see it.
	StopAsked struct{ Signal int }

	// SignalAsked brings a signal that means nothing here and is the program's.
	SignalAsked struct{ Signal int }

	// Staged says that a candidate stands on the disk, trusted and preflighted.
	Staged struct{ Digest Digest }

	// Allowed is the answer to [Ask].
	Allowed struct {
		Digest Digest
		OK     bool
	}

	// Spawned says that the process of a generation runs, from these bytes.
	Spawned struct {
		Gen    Gen
		Digest Digest
		PID    int
	}

	// SpawnFailed says that the process could not be started. Temporary means
	// that the host was at fault (memory, disk), not the binary.
	SpawnFailed struct {
		Gen       Gen
		Reason    string
		Temporary bool
	}

	// Greeted says that the program has reached Run and speaks our protocol.
	// Sockets are those that it is given; nil: those of the generation before.
	Greeted struct {
		Gen     Gen
		Sockets []int
	}

	// Unequipped says that a generation could not be given the sockets that its
	// configuration asks for.
	Unequipped struct {
		Gen    Gen
		Reason string
	}

	// Accepting says that the program has called Accept on these sockets for
	// the first time.
	Accepting struct {
		Gen     Gen
		Sockets []int
	}

	// SaidReady says that the program has called State.Ready.
	SaidReady struct{ Gen Gen }

	// ProbeDone is the result of [Probe]; an empty Err is a pass.
	ProbeDone struct {
		Gen Gen
		Err string
	}

	// Opened confirms [Open]: the generation accepts from the public sockets.
	Opened struct{ Gen Gen }

	// Lost says that the conversation with a generation has ended although its
	// end as a process is not known yet.
	Lost struct{ Gen Gen }

	// Exited is the end of a generation's process: its exit code, or the
	// number of the signal that ended it.
	Exited struct {
		Gen    Gen
		Code   int
		Signal int
	}

	// Installed is the result of [Install]; an empty Err is success.
	Installed struct {
		Digest Digest
		Err    string
	}

	// SuccessorChecked is the result of [CheckSuccessor]; an empty Err is a
	// pass. Temporary means that the host was at fault. Overtaken means that
	// there is no result, as the machine was not at rest any more.
	SuccessorChecked struct {
		Digest    Digest
		Err       string
		Temporary bool
		Overtaken bool
	}

	// Stayed says that [Succeed] could not be carried out: this master goes on.
	Stayed struct {
		Digest Digest
		Err    string
	}

	// Resumed is the first event of a machine that [Resume] has made.
	Resumed struct{}

	// TimerFired says that the time of [SetTimer] has passed. A timer that was
	// stopped or set anew in the meantime must not fire.
	TimerFired struct{ Timer Timer }
)

func (Boot) event()             {}
func (RestartAsked) event()     {}
func (TryAsked) event()         {}
func (LookAsked) event()        {}
func (RollBackAsked) event()    {}
func (Reverted) event()         {}
func (Held) event()             {}
func (Forgotten) event()        {}
func (StopAsked) event()        {}
func (SignalAsked) event()      {}
func (Staged) event()           {}
func (Allowed) event()          {}
func (Spawned) event()          {}
func (SpawnFailed) event()      {}
func (Greeted) event()          {}
func (Unequipped) event()       {}
func (Accepting) event()        {}
func (SaidReady) event()        {}
func (ProbeDone) event()        {}
func (Opened) event()           {}
func (Lost) event()             {}
func (Exited) event()           {}
func (Installed) event()        {}
func (SuccessorChecked) event() {}
func (Stayed) event()           {}
func (Resumed) event()          {}
func (TimerFired) event()       {}
