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
