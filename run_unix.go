//go:build unix

package overseer

import (
	"errors"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/handover"
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
// of the older one. It is taken before any code of the program's own runs, so
// that nothing the program starts can have it.
var inherited = inherit()

var isWorker = inherited.worker || inherited.olderWorker

type inheritance struct {
	handover.Inherited
	worker bool

	older       handover.Older
	olderWorker bool
}

func inherit() (in inheritance) {
	shim.Take() // a process that becomes a program of another language goes no further
	in.older, in.olderWorker = handover.InheritOlder()
	in.Inherited, in.worker = handover.Inherit()
	switch {
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
	case isWorker && s.Program == nil:
		refuse(errors.New("this process was started as the worker of another master, and its Config.Command would make it a master: start it by itself"))
	case inherited.worker:
		return s.runWorker()
	case inherited.olderWorker:
		return s.runOlderWorker()
	}
	return s.runMaster()
}
