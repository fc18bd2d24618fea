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

// privateSocket binds the socket over which a program is probed, on the loopback,
// and notes where it is. The program has the only copy that lasts, so its end is
// the socket's.
func (f *foreign) privateSocket() (s *socket.Socket, release func(), err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("make the socket for probes: %w", err)
		}
	}()
	var sockets []*socket.Socket
	for _, spec := range []string{"tcp4://127.0.0.1:0", "tcp6://[::1]:0"} {
		var a socket.Address
		if a, err = socket.Parse(spec); err != nil {
			return nil, nil, err
		}
		if sockets, err = socket.Listen(context.Background(), []socket.Address{a}, socket.Options{}); err == nil {
			break
		}
	}
	if err != nil {
		return nil, nil, err
	}
	s = sockets[0]
	err = os.NewSyscallError("fcntl", unix.SetNonblock(int(s.FD()), f.cmd.NonBlocking))
	if err == nil {
		f.privateNetwork, f.private, err = clientAddress(s)
	}
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, func() { s.Close() }, nil
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
