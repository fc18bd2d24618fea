//go:build unix

package socket

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const canDetach = true

// detach returns a close-on-exec copy of a descriptor. It goes through
// SyscallConn: File and Fd may switch the socket to blocking, for this process
// and, because copies share that flag, for all that hold it.
func detach(c syscall.Conn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var fd int
	var dupErr error
	if err := raw.Control(func(from uintptr) {
		fd, dupErr = unix.FcntlInt(from, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return -1, err
	}
	if dupErr != nil {
		return -1, os.NewSyscallError("fcntl F_DUPFD_CLOEXEC", dupErr)
	}
	return fd, nil
}

func closeFD(fd int) error { return unix.Close(fd) }

// Adopt makes a socket of a descriptor that was inherited: over execve from the
// master before, or from a service manager, for which Spec and Network are
// enough: without a Node the path of a unix socket is left to its owner. Adopt
// makes the descriptor close-on-exec and non-blocking, and owns it from then
// on; on an error the caller still does.
func Adopt(fd uintptr, r Record) (*Socket, error) {
	s := &Socket{record: r, fd: int(fd)}
	if r.Address == "" {
		s.record.Address = r.Spec
	}
	if err := check(int(fd), s.Kind()); err != nil {
		return nil, fmt.Errorf("adopt descriptor %d as %q: %w", fd, r.Spec, err)
	}
	unix.CloseOnExec(int(fd))
	if err := unix.SetNonblock(int(fd), true); err != nil {
		return nil, fmt.Errorf("adopt descriptor %d as %q: %w", fd, r.Spec, os.NewSyscallError("fcntl O_NONBLOCK", err))
	}
	return s, nil
}

// check tells whether a descriptor is a socket of the kind, and listens.
func check(fd int, kind Kind) error {
	want := unix.SOCK_STREAM
	if kind == Packet {
		want = unix.SOCK_DGRAM
	}
	got, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return os.NewSyscallError("getsockopt SO_TYPE", err)
	}
	if got != want {
		return fmt.Errorf("it is no %s socket", kind)
	}
	if kind == Packet {
		return nil
	}
	accepts, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return os.NewSyscallError("getsockopt SO_ACCEPTCONN", err)
	}
	if accepts == 0 {
		return errors.New("it does not listen")
	}
	return nil
}

// asFile wraps a descriptor. It is made non-blocking first: os.NewFile would
// otherwise remember that it was not, and package net set it back.
func asFile(fd int) (*os.File, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl O_NONBLOCK", err)
	}
	return os.NewFile(uintptr(fd), "socket"), nil
}
