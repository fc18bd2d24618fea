//go:build unix

package overseer

import (
	"syscall"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/worker"
)

const supported = true

// The signals that programs of the older API name.
var (
	SIGUSR1 = syscall.SIGUSR1
	SIGUSR2 = syscall.SIGUSR2
	SIGTERM = syscall.SIGTERM
)

// inherited is what makes this process a worker. It is taken before any code of
// the program's own runs, so that nothing the program starts can have it.
var inherited, isWorker = inherit()

func inherit() (handover.Inherited, bool) {
	in, ok := handover.Inherit()
	if ok {
		worker.Prepare(in)
	}
	return in, ok
}

// run is the whole of a process that can be supervised; it returns only where
// that cannot begin.
func (s settled) run() error {
	if isWorker {
		return s.runWorker()
	}
	return s.runMaster()
}
