//go:build !unix

package demo

import "os/exec"

// ownGroup does nothing: there is no service where overseer is not supported.
func ownGroup(*exec.Cmd) {}
