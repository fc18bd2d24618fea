package proc

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// blocked are signals that all threads of this process may have blocked since it
// began: the image before has done so, for none to be lost over the execve. The
// runtime keeps such a mask for good, and a child would have it too.
var blocked atomic.Pointer[unix.Sigset_t]

// UnblockInChildren has what this package starts, and what is started within
// [Unblocked], not inherit that these signals are blocked.
func UnblockInChildren(signals []syscall.Signal) {
	var set unix.Sigset_t
	for _, sig := range signals {
		AddSignal(&set, sig)
	}
	blocked.Store(&set)
}

// Unblocked runs a function on a thread on which no signal is blocked that
// [UnblockInChildren] names.
func Unblocked(f func()) {
	set := blocked.Load()
	if set == nil {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var old unix.Sigset_t
	if unix.PthreadSigmask(unix.SIG_UNBLOCK, set, &old) == nil {
		defer unix.PthreadSigmask(unix.SIG_SETMASK, &old, nil)
	}
	f()
}

// AddSignal adds a signal to a set.
func AddSignal(set *unix.Sigset_t, sig syscall.Signal) {
	bits := uint(unsafe.Sizeof(set.Val[0]) * 8)
	set.Val[uint(sig-1)/bits] |= 1 << (uint(sig-1) % bits)
}
