//go:build unix && !linux

package worker

import "golang.org/x/sys/unix"

func replaceStderr(fd int) error { return unix.Dup2(fd, 2) }
