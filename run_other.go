//go:build !unix

package overseer

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
)

// On Windows a listening socket cannot be handed to another process that goes
// on to share it, and there is no signal to ask for a restart. Run therefore
// runs the program directly.
const supported = false

// The signals that programs of the older API name. None but SIGTERM is ever
// sent here; they are there so that such programs compile.
var (
	SIGUSR1 = syscall.SIGTERM
	SIGUSR2 = syscall.SIGTERM
	SIGTERM = syscall.SIGTERM
)

func (s settled) run() error {
	return fmt.Errorf("supervise on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func restart(force bool) {}

const (
	isWorker       = false
	isSuccessor    = false
	isFetchProcess = false
)

// Nothing is set-id here.
const setID = false

func (settled) settleRights() error { return nil }

func (settled) cannotSucceed() error { return nil }

func handedBinary() string { return "" }

// stops reports whether a signal stops a process where it is, or kills it: here
// there is no such signal.
func stops(syscall.Signal) bool { return false }
