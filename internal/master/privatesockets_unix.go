//go:build unix

package master

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/internal/socket"
	"golang.org/x/sys/unix"
)

// privateSockets binds a socket for each public one, of the same kind and family,
// on the loopback or in a directory of this user's alone. release closes them.
func privateSockets(public []*socket.Socket, nonBlocking bool) (private []*socket.Socket, release func(), err error) {
	dir := ""
	release = func() {
		for _, s := range private {
			s.Unlink() // the directory goes with it
			s.Close()
		}
		if dir != "" {
			os.RemoveAll(dir)
		}
	}
	defer func() {
		if err != nil {
			release()
		}
	}()
	var addresses []socket.Address
	for i, s := range public {
		spec, err := privateSpec(s)
		if err != nil {
			return nil, release, err
		}
		if spec == "" {
			if dir == "" {
				if dir, err = os.MkdirTemp("", "overseer-"); err != nil {
					return nil, release, fmt.Errorf("make a directory for unix sockets: %w", err)
				}
			}
			spec = "unix://" + filepath.Join(dir, fmt.Sprint(i))
		}
		a, err := socket.Parse(spec)
		if err != nil {
			return nil, release, err
		}
		addresses = append(addresses, a)
	}
	if private, err = socket.Listen(context.Background(), addresses, socket.Options{}); err != nil {
		return nil, release, err
	}
	for _, s := range private {
		if err := unix.SetNonblock(int(s.FD()), nonBlocking); err != nil {
			return nil, release, os.NewSyscallError("fcntl", err)
		}
	}
	return private, release, nil
}

// privateName is what LISTEN_FDNAMES calls the socket for probes.
const privateName = "probe"

// privateSocket binds the socket over which a program is probed, of the family of
// its first stream socket, and notes where it is. The program has the only copy
// that lasts, so its end is the socket's.
func (f *foreign) privateSocket() (*socket.Socket, func(), error) {
	for _, s := range f.sockets {
		if s.Kind() != socket.Stream {
			continue
		}
		private, release, err := privateSockets([]*socket.Socket{s}, f.cmd.NonBlocking)
		if err != nil {
			return nil, nil, fmt.Errorf("make the socket for probes: %w", err)
		}
		f.privateNetwork, f.private, err = clientAddress(private[0])
		if err != nil {
			release()
			return nil, nil, fmt.Errorf("make the socket for probes: %w", err)
		}
		return private[0], release, nil
	}
	return nil, nil, errors.New("make the socket for probes: the program has no stream socket")
}

// privateSpec is a form of [socket.Parse]; empty for a unix socket.
func privateSpec(s *socket.Socket) (string, error) {
	name, err := unix.Getsockname(int(s.FD()))
	if err != nil {
		return "", fmt.Errorf("look at the socket of %q: %w", s.Address(), os.NewSyscallError("getsockname", err))
	}
	network := "tcp"
	if s.Kind() == socket.Packet {
		network = "udp"
	}
	switch name.(type) {
	case *unix.SockaddrInet4:
		return network + "4://127.0.0.1:0", nil
	case *unix.SockaddrInet6:
		return network + "6://[::1]:0", nil
	case *unix.SockaddrUnix:
		return "", nil
	}
	return "", errors.ErrUnsupported
}
