//go:build unix

package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// look tells what an inherited descriptor is. The error says why it is neither a
// listener nor a datagram socket that can be handed to a worker.
func look(fd int) (local, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return local{}, fmt.Errorf("it is no socket: %w", os.NewSyscallError("getsockopt SO_TYPE", err))
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return local{}, os.NewSyscallError("getsockname", err)
	}
	l := local{network: "tcp"}
	if kind == unix.SOCK_DGRAM {
		l.network = "udp"
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		l.addr = netip.AddrPortFrom(netip.AddrFrom4(name.Addr), uint16(name.Port))
	case *unix.SockaddrInet6:
		l.addr = netip.AddrPortFrom(withZone(netip.AddrFrom16(name.Addr), name.ZoneId), uint16(name.Port))
	case *unix.SockaddrUnix:
		l = local{network: "unix", path: name.Name}
		if kind != unix.SOCK_STREAM {
			return l, errors.New("only stream sockets are supported of unix ones: use ListenStream= in the .socket unit")
		}
	default:
		return local{}, fmt.Errorf("sockets of the kind %T are not supported", name)
	}
	switch kind {
	case unix.SOCK_DGRAM:
		return l, nil
	case unix.SOCK_STREAM:
	default:
		return l, fmt.Errorf("sockets of type %d are not supported: use ListenStream= or ListenDatagram= in the .socket unit", kind)
	}
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return l, os.NewSyscallError("getsockopt SO_ACCEPTCONN", err)
	}
	if listens == 0 {
		return l, errors.New("it does not listen, as if it were a connection: set Accept=no in the .socket unit")
	}
	return l, nil
}

func withZone(ip netip.Addr, index uint32) netip.Addr {
	if index == 0 || !ip.IsLinkLocalUnicast() {
		return ip
	}
	zone := strconv.FormatUint(uint64(index), 10)
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		zone = i.Name
	}
	return ip.WithZone(zone)
}

// gone reports whether the path is no longer this node's.
func (n Node) gone() bool {
	now, err := nodeAt(n.Path)
	return err != nil || now != n
}

// setModeOf gives a socket that was taken over the mode that is asked for by
// now. It holds the directory's lock, so that the path is that of the socket.
func setModeOf(n Node, mode fs.FileMode) error {
	if n.Path == "" || mode == 0 {
		return nil
	}
	lock, err := lockDir(context.Background(), filepath.Dir(n.Path))
	if err != nil {
		return err
	}
	defer lock.release()
	if n.gone() {
		return fmt.Errorf("the path %q has become another socket's", n.Path)
	}
	return setMode(n.Path, mode)
}
