//go:build unix

package demo

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's Ctrl-C from the service: it is the demo that ends,
// and then ends the service in good order.
func ownGroup(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
