//go:build unix

package master

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// terminal is what a controlling terminal means for signals.
//
// A program with sockets runs in a process group of its own: Ctrl-C reaches the
// master alone, which stops it in good order. A program without sockets may be
// a tool that reads the terminal, so it stays in the master's group, where the
// terminal's signals reach it directly; the master must not pass them on again.
// An interrupt that somebody sends to such a master alone, while it is in the
// foreground, cannot be told from Ctrl-C: of that the program hears by its
// State.Context only. SIGTERM has no such trouble.
type terminal struct {
	ownGroups bool
	stderr    bool     // standard error is a terminal: nothing is captured from it
	tty       *os.File // the controlling terminal, nil: none, or not needed
	shown     int      // a signal that the workers have seen already
}

func openTerminal(ownGroups bool) terminal {
	t := terminal{ownGroups: ownGroups, stderr: isTerminal(os.Stderr)}
	if !ownGroups {
		t.tty, _ = os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0) // no terminal: none
	}
	return t
}

// reachesWorkers reports whether a signal is one that the terminal sends, now,
// to the whole group in its foreground, the workers among it.
func (t *terminal) reachesWorkers(sig int) bool {
	if t.ownGroups || t.tty == nil {
		return false
	}
	switch syscall.Signal(sig) {
	case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH:
		group, err := foreground(t.tty)
		return err == nil && group == unix.Getpgrp()
	case syscall.SIGHUP:
		// The terminal has gone, and its shell with it: both hang up the whole
		// group. Only once: what comes later is from somebody else.
		if _, err := foreground(t.tty); err != unix.EIO {
			return false
		}
		t.tty.Close()
		t.tty = nil
		return true
	}
	return false
}

func foreground(tty *os.File) (group int, err error) {
	raw, err := tty.SyscallConn()
	if err != nil {
		return 0, err
	}
	cerr := raw.Control(func(fd uintptr) { group, err = unix.IoctlGetInt(int(fd), unix.TIOCGPGRP) })
	if err == nil {
		err = cerr
	}
	return group, err
}

func isTerminal(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	is := false
	raw.Control(func(fd uintptr) {
		_, err := unix.IoctlGetInt(int(fd), unix.TIOCGPGRP)
		is = err == nil || err == unix.EPERM
	})
	return is
}
