//go:build unix

package proc

import (
	"os"

	"golang.org/x/sys/unix"
)

// unread reports whether a pipe holds what nobody has read yet.
func unread(pipe *os.File) bool {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return false
	}
	is := false
	raw.Control(func(fd uintptr) { // an error: it is closed, so it was read to its end
		look := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(look, 0)
		is = err == nil && n > 0 && look[0].Revents&unix.POLLIN != 0
	})
	return is
}
