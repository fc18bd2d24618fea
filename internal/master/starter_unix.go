//go:build unix

package master

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// A starter forks on one thread that lives as long as the master. The signal
// that tells a child of its parent's death is sent when the thread ends that
// forked it (PR_SET_PDEATHSIG(2const)), and Go's threads come and go.
type starter struct {
	jobs chan func()
	quit <-chan struct{}
}

func (s *starter) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
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
// runs where it is called.
func (s *starter) do(f func()) {
	done := make(chan struct{})
	select {
	case s.jobs <- func() { defer close(done); f() }:
		<-done
	case <-s.quit:
		f()
	}
}

// prepareCommand opens what programs of another language are started with.
func (m *Master) prepareCommand() error {
	m.starter = &starter{jobs: make(chan func()), quit: m.quit}
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
