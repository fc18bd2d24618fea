package socket

import "syscall"

// addrInUse is WSAEADDRINUSE: syscall.EADDRINUSE is a number of Go's own there.
const addrInUse = syscall.Errno(10048)
