package metrics

import (
	"os/exec"
	"syscall"
)

func diesWithItsParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
