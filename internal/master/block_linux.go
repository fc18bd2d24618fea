package master

import (
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"golang.org/x/sys/unix"
)

// This file has no signal lost over an execve. The kernel keeps what is pending,
// and the mask of the calling thread: a signal that is blocked then waits until
// the next image asks for it by signal.Notify, which unblocks it. See
// signal(7), execve(2) and "Go programs" of os/signal.

// block blocks all signals that the master takes, in all threads, and has what
// came before delivered. The calling goroutine stays on its thread until the
// block is taken back.
//
// With cgo the runtime cannot do that for threads that are not its own
// (syscall.AllThreadsSyscall): then they are blocked in the calling thread alone,
// which is what counts over the execve; a signal in the very moment before may
// be lost.
func (s *Signals) block() (unblock func()) {
	runtime.LockOSThread()
	var set, old unix.Sigset_t
	for _, sig := range s.taken() {
		proc.AddSignal(&set, sig)
	}
	all := sigmask(everyThread, unix.SIG_BLOCK, &set) == nil
	must := unix.PthreadSigmask(unix.SIG_BLOCK, &set, &old)
	if all && must == nil {
		s.close() // waits until what was caught is in our channels
	}
	return func() {
		if all && must == nil {
			s.retake()
			sigmask(everyThread, unix.SIG_UNBLOCK, &set)
		}
		unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)
		runtime.UnlockOSThread()
	}
}

// everyThread makes a system call in all threads of the process.
var everyThread = func(trap, a1, a2, a3, a4, a5, a6 uintptr) (uintptr, uintptr, syscall.Errno) {
	return syscall.AllThreadsSyscall6(trap, a1, a2, a3, a4, a5, a6)
}

func sigmask(call func(trap, a1, a2, a3, a4, a5, a6 uintptr) (uintptr, uintptr, syscall.Errno), how int, set *unix.Sigset_t) error {
	const size = 8 // of the kernel's set, sigprocmask(2)
	_, _, errno := call(unix.SYS_RT_SIGPROCMASK, uintptr(how), uintptr(unsafe.Pointer(set)), 0, size, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// taken are all signals that the master has asked for.
func (s *Signals) taken() []syscall.Signal {
	list := append(passedOn(true), syscall.SIGTERM, syscall.SIGINT)
	if n := number(s.restartBy); n != 0 {
		list = append(list, syscall.Signal(n))
	}
	return list
}

// retake takes what close has given back.
func (s *Signals) retake() {
	signal.Notify(s.restart, s.restartBy)
	signal.Notify(s.pipe, syscall.SIGPIPE)
	s.take(s.ownGroups)
}

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
