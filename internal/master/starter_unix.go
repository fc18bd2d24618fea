//go:build unix

package master

import (
	"fmt"
	"os"
	"runtime"

	"github.com/seed-3d078585/overseer/internal/proc"
	"golang.org/x/sys/unix"
)

// A starter forks on one thread that lives as long as the master. The signal
// that tells a child of its parent's death is sent when the thread ends that
// forked it (PR_SET_PDEATHSIG(2const)), and Go's threads come and go.
//
// The thread starts programs as one user, for which it is prepared once: it never
// does anything else, and ends with its goroutine.
type starter struct {
	jobs chan func()
	quit <-chan struct{}
	as   *proc.Credential // nil: the master's user

	failed error // to prepare the thread
}

func (s *starter) run() {
	runtime.LockOSThread() // and never unlocked
	if s.as != nil {
		s.failed = s.as.Prepare()
	}
	for {
		select {
		case f := <-s.jobs:
			f()
		case <-s.quit:
			return
		}
	}
}

// do runs a function on that thread and waits for it. After the master's end it
// does nothing and says so.
func (s *starter) do(f func() error) error {
	done := make(chan error, 1)
	job := func() {
		if s.failed != nil {
			done <- s.failed
			return
		}
		done <- f()
	}
	select {
	case s.jobs <- job:
		return <-done
	case <-s.quit:
		return errEnded
	}
}

// prepareCommand opens what programs of another language are started with.
func (m *Master) prepareCommand() error {
	m.starter = &starter{jobs: make(chan func()), quit: m.quit, as: m.cfg.Credential}
	var err error
	if m.shim, err = openSelf(); err != nil {
		return fmt.Errorf("open this program's own binary, which starts the other one: %w", err)
	}
	if m.cfg.Command.NonBlocking {
		return nil
	}
	for _, s := range m.cfg.Sockets {
		// Once, and never again: all that hold the socket share the flag, and a
		// program that has set it relies on it.
		if err := unix.SetNonblock(int(s.FD()), false); err != nil {
			return fmt.Errorf("make the socket of %q blocking: %w", s.Address(), os.NewSyscallError("fcntl", err))
		}
	}
	return nil
}

// openSelf opens this process's binary, whatever its path names by now.
func openSelf() (*os.File, error) {
	if f, err := os.Open("/proc/self/exe"); err == nil { // proc(5): Linux only
		return f, nil
	}
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}
