//go:build linux

package overseer_test

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal makes a pseudo terminal: pts(4). What is written to keyboard is
// typed, what is read from it is shown.
func openTerminal(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	number, err := 0, error(nil)
	raw, err := keyboard.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	return keyboard, screen
}

// onTerminal starts a service as a shell without job control would: the master
// leads the session of a terminal and is in its foreground.
func onTerminal(screen *os.File) option {
	return func(s *service) {
		s.cmd.Stdin = screen
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Setctty: true, Ctty: 0}
	}
}

// read drains what a terminal shows, so that nobody who writes there waits.
func read(keyboard *os.File) {
	go func() {
		lines := bufio.NewScanner(keyboard)
		for lines.Scan() {
		}
	}()
}

const (
	ctrlC = "\x03"
	ctrlZ = "\x1a"
	ctrlB = "\x1c" // SIGQUIT
)

func press(t *testing.T, keyboard *os.File, key string) {
	t.Helper()
	if _, err := keyboard.WriteString(key); err != nil {
		t.Fatal(err)
	}
}

// stateOf returns the state of a process as in proc(5), or 0 where it is gone.
func stateOf(pid int) byte {
	for _, p := range processes() {
		if p.pid == pid {
			return p.state
		}
	}
	return 0
}
