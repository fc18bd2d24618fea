package master

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"golang.org/x/sys/unix"
)

// This file is the end of a succession: from the decision to the execve. All is
// parked, and the owner does nothing else meanwhile.

// succeed carries out [machine.Succeed]. It returns only where that has failed.
func (m *Master) succeed(d machine.Digest) {
	bin := m.succession.binary
	if bin.file == nil || machine.Digest(bin.digest.String()) != d {
		m.step(machine.Stayed{Digest: d, Err: "no binary was checked"}) // a table out of date
		return
	}
	m.step(machine.Stayed{Digest: d, Err: m.replace(bin).Error()})
}

// replace takes the signals that have come so far, and executes the binary in
// the place of this process.
func (m *Master) replace(bin binary) error {
	unblock := m.signals.block()
	defer unblock()
	for {
		m.lastSignals()
		if m.machine.Snapshot().Stopping {
			return errors.New("the end was asked for")
		}
		if err := m.become(bin); !errors.Is(err, errSignal) {
			return err
		}
	}
}

// become writes the state down and executes the binary, unless a signal comes in
// between.
func (m *Master) become(bin binary) error {
	state, err := m.state(false)
	if err != nil {
		return err
	}
	f, err := state.file()
	if err != nil {
		return err
	}
	defer f.Close()
	fd, err := descriptor(f)
	if err != nil {
		return err
	}
	env := append(proc.Environ(os.Environ(), ownVariables...), handover.StateVariable+"="+strconv.Itoa(fd))
	argv := append([]string{os.Args[0]}, os.Args[1:]...)
	return m.execute(bin, argv, env, append(state.descriptors(), fd))
}

// execute is execve(2) with descriptors that stay open. Nothing may fork
// meanwhile: the child would have them too.
func (m *Master) execute(bin binary, argv, env []string, keep []int) error {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	for _, fd := range keep {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("keep descriptor %d: %w", fd, err)
		}
		defer unix.CloseOnExec(fd)
	}
	own, err := descriptor(bin.file)
	if err != nil {
		return err
	}
	path := "/proc/self/fd/" + strconv.Itoa(own)
	if _, err := os.Stat(path); err != nil {
		path = m.cfg.Binary // no /proc here
	}
	if m.signals.waiting() {
		return errSignal
	}
	signal.Ignore(syscall.SIGHUP) // the others can wait, or have to be met
	err = syscall.Exec(path, argv, env)
	m.signals.take(m.tty.ownGroups)
	return fmt.Errorf("execve %q: %w", m.cfg.Binary, err)
}
