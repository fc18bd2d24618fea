//go:build unix

package socket

import "syscall"

const addrInUse = syscall.EADDRINUSE
