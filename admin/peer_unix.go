//go:build linux || darwin || freebsd

package admin

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

const peersAreKnown = true

// peerUID returns the user who connected, as the kernel noted it at that moment.
func peerUID(c net.Conn) (int, error) {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return -1, errors.New("not a socket")
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	uid, failed := -1, error(nil)
	if err := raw.Control(func(fd uintptr) { uid, failed = uidAt(int(fd)) }); err != nil {
		return -1, err
	}
	if failed != nil {
		return -1, fmt.Errorf("credentials of the peer: %w", failed)
	}
	return uid, nil
}
