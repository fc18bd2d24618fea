package master

import (
	"errors"
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"golang.org/x/sys/unix"
)

// This file has as few signals as can be lost over an execve. The kernel keeps
// what is pending, and the mask of the calling thread: a signal that is blocked
// waits until the next image asks for it (signal(7), execve(2)). Two rules of the
// Go runtime are in the way (see blockableSig in runtime/signal_unix.go, and
// syscall.AllThreadsSyscall):
//
//   - It blocks no signal for long that ends a program. So SIGTERM, SIGINT and
//     SIGQUIT that come in the millisecond or two from the execve until the next
//     image has caught them end the master, and its workers drain as they do
//     whenever a master dies. SIGHUP is ignored for that time.
//   - With cgo it does not let us block a signal in threads other than our own.
//     So in a program with cgo any signal that comes in the microseconds between
//     the last look and the execve may be lost.

// block blocks the signals that the master takes, in all threads where that can
// be done, and has what came before delivered. The calling goroutine stays on
// its thread until the block is taken back.
func (s *Signals) block() (unblock func()) {
	runtime.LockOSThread()
	var set, old unix.Sigset_t
	for _, sig := range s.taken() {
		proc.AddSignal(&set, sig)
	}
	all := inEachThread(unix.SIG_BLOCK, &set) == nil
	unix.PthreadSigmask(unix.SIG_BLOCK, &set, &old) // cannot fail with these arguments
	if all {
		s.close() // waits until what was caught is in our channels
	}
	return func() {
		if all {
			s.retake()
			inEachThread(unix.SIG_UNBLOCK, &set)
		}
		unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)
		runtime.UnlockOSThread()
	}
}

// inEachThread is sigprocmask(2) in all threads of the process.
func inEachThread(how int, set *unix.Sigset_t) error {
	const size = 8 // of the kernel's set
	_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_RT_SIGPROCMASK, uintptr(how), uintptr(unsafe.Pointer(set)), 0, size, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// retake takes what close has given back.
func (s *Signals) retake() {
	signal.Notify(s.restart, s.restartBy)
	signal.Notify(s.pipe, syscall.SIGPIPE)
	s.take(s.ownGroups)
}

// waiting reports whether a signal has come that nobody has looked at.
func (s *Signals) waiting() bool { return len(s.restart)+len(s.stop)+len(s.other) > 0 }

// errSignal says that a signal came in between.
var errSignal = errors.New("a signal came")

// lastSignals takes what has come before the block.
func (m *Master) lastSignals() {
	for {
		select {
		case <-m.signals.restart:
			m.step(machine.RestartAsked{By: "signal"})
		case sig := <-m.signals.stop:
			m.stopSignal(sig)
		case sig := <-m.signals.other:
			m.otherSignal(sig)
		default:
			return
		}
	}
}
