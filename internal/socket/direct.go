package socket

import (
	"context"
	"fmt"
	"net"
)

// DirectListener binds a stream address in this process, for a program that
// runs without a master. It tries once. The caller closes the listener, and
// that removes the path of a unix socket where it is still this one. The
// listener is a *net.TCPListener, a *net.UnixListener, or a type that embeds the
// latter. The error is a [*BindError].
func DirectListener(ctx context.Context, a Address) (net.Listener, error) {
	if a.Kind() != Stream {
		return nil, bindError(a, fmt.Errorf("%s gives no listener", a.Network))
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	b, err := bind(ctx, a)
	if err != nil {
		return nil, bindError(a, err)
	}
	if ln, ok := b.conn.(*net.UnixListener); ok {
		return ownPath(ln, b.node), nil
	}
	return b.conn.(*net.TCPListener), nil
}

// DirectPacketConn is [DirectListener] for a packet address.
func DirectPacketConn(ctx context.Context, a Address) (*net.UDPConn, error) {
	if a.Kind() != Packet {
		return nil, bindError(a, fmt.Errorf("%s gives no packet connection", a.Network))
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	b, err := bind(ctx, a)
	if err != nil {
		return nil, bindError(a, err)
	}
	return b.conn.(*net.UDPConn), nil
}

// DirectInherited is what a service manager has left for an address, as
// [DirectListener] and [DirectPacketConn] would have made it: one of the two
// results, or neither where there is none. The error is a [*BindError].
func DirectInherited(ctx context.Context, a Address, in *Inherited) (net.Listener, *net.UDPConn, error) {
	s, err := in.claim(ctx, a, in.next(a))
	if err != nil {
		return nil, nil, bindError(a, err)
	}
	if s == nil {
		return nil, nil, nil
	}
	f, err := asFile(s.fd)
	if err != nil {
		return nil, nil, bindError(a, err)
	}
	if s.Kind() == Packet {
		conn, err := FilePacketConn(s.Network(), f)
		if err != nil {
			return nil, nil, bindError(a, err)
		}
		return nil, conn, nil
	}
	l, err := FileListener(s.Network(), f)
	if err != nil {
		return nil, nil, bindError(a, err)
	}
	return l, nil, nil
}
