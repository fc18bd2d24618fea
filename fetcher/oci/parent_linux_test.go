package oci_test

import (
	"os/exec"
	"syscall"
)

// diesWithItsParent covers a test that is killed. (The signal is of the thread
// that started it; the Go runtime ends threads only with goroutines locked to
// them.)
func diesWithItsParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
