//go:build !linux

package metrics

import "os/exec"

func diesWithItsParent(*exec.Cmd) {}
