package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// insideVariable is set in the process that drives, where it is root and the first one
// of namespaces of its own: with its end all that it has started ends, and its mounts
// are nobody else's.
const insideVariable = "TORTURE_INSIDE"

// enclose runs this command again in namespaces of its own, and returns its exit code.
func enclose(args []string) (code int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	return runInstead(self, args, insideVariable, &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS,
	})
}

// runInstead has a process, in which a variable is set, do the work of this one, and
// returns its exit code. It ends with this one.
func runInstead(path string, args []string, variable string, attr *syscall.SysProcAttr) (code int, err error) {
	runtime.LockOSThread() // the parent-death signal is of the thread
	defer runtime.UnlockOSThread()
	attr.Pdeathsig = syscall.SIGKILL
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), variable+"=1")
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = attr
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt) // the terminal sends it to both
	defer signal.Stop(interrupts)
	if err := c.Run(); c.ProcessState == nil {
		return 1, err
	}
	return c.ProcessState.ExitCode(), nil
}

// settle makes the namespaces usable: /proc shows the processes of this one.
func settle() error {
	if os.Getpid() != 1 {
		return errors.New("this process is not the first one of its namespace: do not set " + insideVariable)
	}
	return unix.Mount("proc", "/proc", "proc", 0, "")
}
