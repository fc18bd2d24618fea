//go:build unix

package master

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/seed-3d078585/overseer/internal/peer"
	"github.com/seed-3d078585/overseer/internal/socket"
	"golang.org/x/sys/unix"
)

// A program of another language takes no private connections, so a probe
// connects as a client does, and whoever accepts first has it. Where the system
// can tell who that was, a connection that another generation has taken is given
// up and another one is made.

// errElsewhere says that others accepted whatever a probe had connected.
var errElsewhere = errors.New("each connection was accepted by another generation")

// dial connects to one of a program's sockets.
func (f *foreign) dial(ctx context.Context, index int) (net.Conn, error) {
	if f.private != "" {
		var d net.Dialer
		return d.DialContext(ctx, f.privateNetwork, f.private)
	}
	network, address, err := clientAddress(f.sockets[index])
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", f.sockets[index].Address(), err)
	}
	return f.dialOwn(ctx, network, address)
}

// dialOwn connects until the program's own processes accept, for half of the
// time that there is.
func (f *foreign) dialOwn(ctx context.Context, network, address string) (net.Conn, error) {
	enough := time.Now().Add(time.Second)
	if deadline, ok := ctx.Deadline(); ok {
		enough = time.Now().Add(time.Until(deadline) / 2)
	}
	var d net.Dialer
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil || f.rehearses {
			return conn, err
		}
		own, err := f.accepts(ctx, conn)
		if err == nil && own {
			return conn, nil
		}
		conn.Close()
		switch {
		case err != nil:
			return nil, err
		case time.Now().After(enough):
			return nil, errElsewhere
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// accepts waits until a connection has been accepted and reports whether it was
// by this program, which is taken for granted where that cannot be known.
func (f *foreign) accepts(ctx context.Context, conn net.Conn) (own bool, err error) {
	for wait := time.Millisecond; ; wait = min(2*wait, 20*time.Millisecond) {
		inode, known := peer.FarInode(conn)
		switch {
		case !known:
			return true, nil
		case inode != 0:
			held, known := peer.Holds(f.process.PID, inode)
			return held || !known, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return false, fmt.Errorf("connected, and nobody accepts: %w", err)
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
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
