package systemd

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// send sends one message, with copies of descriptors. The socket is made anew
// each time, which costs microseconds and leaves no state to keep over execve.
// It is not connected: package net cannot send descriptors on one that is, and
// a manager that was started anew behind the same path is met again.
func (s *Service) send(message string, fds ...int) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	to := &unix.SockaddrUnix{Name: s.address} // a leading @ becomes the NUL of an abstract name
	deadline := time.Now().Add(SendTimeout)
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("it has not read for %v: %w", SendTimeout, os.ErrDeadlineExceeded)
		}
		timeout := unix.NsecToTimeval(int64(max(left, time.Millisecond)))
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &timeout); err != nil {
			return os.NewSyscallError("setsockopt SO_SNDTIMEO", err)
		}
		err := unix.Sendmsg(fd, []byte(message), rights, to, unix.MSG_NOSIGNAL)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		return os.NewSyscallError("sendmsg", err)
	}
}

// barrier sends one end of a pipe and waits until nobody holds it any more: the
// manager closes it when its turn has come.
func (s *Service) barrier(timeout time.Duration) error {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return os.NewSyscallError("pipe2", err)
	}
	defer unix.Close(pipe[0])
	err := s.send("BARRIER=1", pipe[1])
	unix.Close(pipe[1])
	if err != nil {
		return err
	}
	deadline := time.Now().Add(timeout)
	for {
		left := max(time.Until(deadline), 0)
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(pipe[0])}}, int(left.Milliseconds())) // POLLHUP needs no asking
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return os.NewSyscallError("poll", err)
		case n == 0:
			return fmt.Errorf("no answer within %v: %w", timeout, os.ErrDeadlineExceeded)
		default:
			return nil
		}
	}
}

// monotonic returns the time of CLOCK_MONOTONIC.
func monotonic() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
