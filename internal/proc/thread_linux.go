package proc

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// OnThread runs f on a thread that nothing else runs on, and that ends with it.
// So f may change what belongs to a thread (its users, its no_new_privs, its
// signal mask) without a way back: see credentials(7), "POSIX threads", and
// prctl(2). The threads that the runtime starts meanwhile are not made from this
// one; a process that f starts is.
//
// It returns when f does. A process that is to be killed with its parent
// (PR_SET_PDEATHSIG) must not be started from such a thread: to the kernel, the
// parent is the thread.
func OnThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if unix.Gettid() != os.Getpid() {
			done <- f()
			return
		}
		// The main thread cannot end: the runtime would park it for ever, as f
		// has left it. Another thread is found while this one is taken.
		defer runtime.UnlockOSThread()
		done <- OnThread(f)
	}()
	return <-done
}

// startOnThread starts a process from a thread of its own, after prepare has
// made it what the process is to inherit.
func startOnThread(prepare func() error, start func() (*os.Process, error)) (p *os.Process, err error) {
	err = OnThread(func() error {
		err := prepare()
		if err == nil {
			p, err = start()
		}
		return err
	})
	return p, err
}
