//go:build unix

package loadtest

import (
	"errors"
	"syscall"
)

// look asks the kernel whether the connection has ended or holds bytes,
// without a wait and without taking them.
func (l *link) look() state {
	found := quiet
	err := l.raw.Control(func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), l.peeked[:], syscall.MSG_PEEK)
		for err == syscall.EINTR {
			n, _, err = syscall.Recvfrom(int(fd), l.peeked[:], syscall.MSG_PEEK)
		}
		switch {
		case err == syscall.EAGAIN:
		case err == nil && n > 0:
			found = spoke
		default:
			found = closed
		}
	})
	if err != nil {
		return closed
	}
	return found
}

// isRefused includes EAGAIN, which connect(2) gives for a unix socket whose
// queue is full.
func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EAGAIN)
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

func isClientLimit(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EADDRNOTAVAIL, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}
