//go:build unix

package master

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"golang.org/x/sys/unix"
)

// This file makes the private connections that probes go over.

// dial makes a connection that the program accepts from one of its sockets. It
// is of the same kind as a client's, so a program that looks at its connections
// is not surprised, but nobody else can make it or see it.
func (w *worker) dial(ctx context.Context, network string, index int) (net.Conn, error) {
	near, far, err := pair(ctx, network)
	if err != nil {
		return nil, fmt.Errorf("make a private connection: %w", err)
	}
	defer far.Close()
	var sent error
	err = far.Control(func(fd uintptr) {
		sent = w.conn.Send(handover.Private{Socket: index}, int(fd))
	})
	if err = errors.Join(err, sent); err != nil {
		near.Close()
		return nil, fmt.Errorf("hand a private connection over: %w", err)
	}
	return near, nil
}

// handed is the far end of a private connection.
type handed struct {
	syscall.RawConn
	close func() error
}

func (h handed) Close() error { return h.close() }

func pair(ctx context.Context, network string) (near net.Conn, far handed, err error) {
	if network == "tcp" {
		if near, far, err = tcpPair(ctx); err == nil {
			return near, far, nil
		}
		// A host without loopback: any connection is better than none.
	}
	return unixPair()
}

// tcpPair connects to a listener of its own and closes it. Whoever else
// connects in these microseconds is turned away.
func tcpPair(ctx context.Context) (net.Conn, handed, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, handed{}, err
	}
	defer l.Close()
	deadline := time.Now().Add(5 * time.Second)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	l.SetDeadline(deadline)
	near, err := (&net.Dialer{Deadline: deadline}).DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		return nil, handed{}, err
	}
	for {
		far, err := l.AcceptTCP()
		if err != nil {
			near.Close()
			return nil, handed{}, err
		}
		if far.RemoteAddr().String() != near.LocalAddr().String() {
			far.Close()
			continue
		}
		raw, err := far.SyscallConn()
		if err != nil {
			near.Close()
			far.Close()
			return nil, handed{}, err
		}
		return near, handed{RawConn: raw, close: far.Close}, nil
	}
}

func unixPair() (net.Conn, handed, error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, handed{}, err
	}
	nearFile, far := os.NewFile(uintptr(fds[0]), "private connection"), os.NewFile(uintptr(fds[1]), "private connection")
	near, err := net.FileConn(nearFile)
	nearFile.Close()
	if err != nil {
		far.Close()
		return nil, handed{}, err
	}
	raw, err := far.SyscallConn()
	if err != nil {
		near.Close()
		far.Close()
		return nil, handed{}, err
	}
	return near, handed{RawConn: raw, close: far.Close}, nil
}
