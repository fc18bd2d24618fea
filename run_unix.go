//go:build unix

package overseer

import (
	"errors"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/isolate"
	"github.com/seed-3d078585/overseer/internal/master"
	"github.com/seed-3d078585/overseer/internal/shim"
	"github.com/seed-3d078585/overseer/internal/worker"
)

const supported = true

// The signals that programs of the older API name.
var (
	SIGUSR1 = syscall.SIGUSR1
	SIGUSR2 = syscall.SIGUSR2
	SIGTERM = syscall.SIGTERM
)

// inherited is what makes this process a worker, of a master of this library or
// of the older one, or a fetch process. It is taken before any code of the program's own runs, so
// that nothing the program starts can have it.
var inherited = inherit()

var isWorker = inherited.worker || inherited.olderWorker

var isFetchProcess = inherited.fetchProcess

// handed is what makes this process go on as a master, in the place of one that
// has ended by execve, or be asked whether it could. It is taken early, too, so
// that nothing the program starts has the descriptors.
var handed = takeState()

var isSuccessor = handed.taken && !question.Successor

// succession is the state of the master before.
type succession struct {
	taken bool // there is one
	state master.State
	err   error // why it cannot be used
}

func takeState() (s succession) {
	if setID {
		return s
	}
	f, taken := handover.TakeState()
	if !taken {
		return s
	}
	s.taken = true
	if !question.Successor {
		master.CatchEarly()
	}
	s.state, s.err = master.ReadState(f, question.Successor)
	return s
}

// handedBinary is the installed path that the master before went by; empty: there
// was none before.
func handedBinary() string { return handed.state.Binary }

// cannotSucceed is what keeps this process from going on as the master whose
// state it was shown.
func (s settled) cannotSucceed() error {
	if handed.err != nil {
		return handed.err
	}
	return s.checkCredential()
}

type inheritance struct {
	handover.Inherited
	worker bool

	fetchProcess bool // Inherited is its

	older       handover.Older
	olderWorker bool
}

func inherit() (in inheritance) {
	if setID {
		return in
	}
	shim.Take() // a process that becomes a program of another language goes no further
	in.older, in.olderWorker = handover.InheritOlder()
	in.Inherited, in.worker = handover.Inherit()
	if fetch, ok := handover.InheritFetch(); ok && !in.worker {
		in.Inherited, in.fetchProcess = fetch, true
	}
	switch {
	case in.fetchProcess:
		worker.Prepare(in.Inherited)
		isolate.Prepare(in.Inherited)
	case in.worker:
		worker.Prepare(in.Inherited)
	case in.olderWorker:
		worker.PrepareOlder()
	}
	return in
}

// run is the whole of a process that can be supervised; it returns only where
// that cannot begin.
func (s settled) run() error {
	switch {
	case inherited.fetchProcess:
		s.runFetchProcess()
	case isWorker && s.Program == nil:
		refuse(errors.New("this process was started as the worker of another master, and its Config.Command would make it a master: start it by itself"))
	case inherited.worker:
		return s.runWorker()
	case inherited.olderWorker:
		return s.runOlderWorker()
	}
	if isSuccessor {
		return s.runSuccessor()
	}
	return s.runMaster()
}
