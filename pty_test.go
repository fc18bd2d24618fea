//go:build linux

package overseer_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
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

// shell starts one job in the foreground of its terminal, as sh(1) does, and ends
// as it ends.
var shell = register("shell", func() {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(path)
	if via := os.Getenv("TEST_VIA"); via != "" { // a program that executes the job
		cmd = exec.Command(via, path)
	}
	cmd.Env = append(os.Environ(), programVariable+"="+os.Getenv("TEST_JOB"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Foreground: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stderr, "the job is process %d\n", cmd.Process.Pid)
	cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		os.Exit(128 + int(status.Signal()))
	}
	os.Exit(status.ExitStatus())
})

// startJob starts a service in the foreground of a terminal. PID is the
// master's; wait is for the end of the shell.
func startJob(t *testing.T, program string, screen *os.File, options ...option) *service {
	t.Helper()
	usedPrograms.Store(program, true)
	s := startService(t, shell, append(options, env("TEST_JOB", program), func(s *service) {
		s.cmd.Stdin = screen
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Setctty: true, Ctty: 0}
	})...)
	s.PID, _ = strconv.Atoi(s.word("the job is process "))
	return s
}

const (
	ctrlC = "\x03"
	ctrlZ = "\x1a"
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
