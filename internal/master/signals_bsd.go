//go:build unix && !linux

package master

import "syscall"

var realTime []syscall.Signal
