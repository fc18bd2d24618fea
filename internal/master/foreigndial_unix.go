//go:build unix

package master

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/seed-3d078585/overseer/internal/socket"
	"golang.org/x/sys/unix"
)

// dial connects as a client does: a program of another language takes no private
// connections. Whoever accepts first has it.
func (f *foreign) dial(ctx context.Context, index int) (net.Conn, error) {
	network, address, err := clientAddress(f.sockets[index])
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", f.sockets[index].Address(), err)
	}
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// clientAddress is where a client of this host reaches a socket.
func clientAddress(s *socket.Socket) (network, address string, err error) {
	name, err := unix.Getsockname(int(s.FD()))
	if err != nil {
		return "", "", os.NewSyscallError("getsockname", err)
	}
	switch name := name.(type) {
	case *unix.SockaddrInet4:
		return "tcp", hostPort(netip.AddrFrom4(name.Addr), name.Port, 0), nil
	case *unix.SockaddrInet6:
		return "tcp", hostPort(netip.AddrFrom16(name.Addr), name.Port, name.ZoneId), nil
	case *unix.SockaddrUnix:
		return "unix", name.Name, nil
	}
	return "", "", fmt.Errorf("its family %T is not known", name)
}

// hostPort puts the loopback in the place of all addresses.
func hostPort(a netip.Addr, port int, zone uint32) string {
	switch {
	case a == netip.IPv4Unspecified():
		a = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case a == netip.IPv6Unspecified():
		a = netip.IPv6Loopback()
	case zone != 0:
		a = a.WithZone(strconv.FormatUint(uint64(zone), 10))
	}
	return netip.AddrPortFrom(a, uint16(port)).String()
}
