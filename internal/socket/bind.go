package socket

import (
	"context"
	"net"
	"syscall"
)

// A binding is a freshly bound socket in the hands of package net.
type binding struct {
	conn interface {
		syscall.Conn
		Close() error
	}
	addr net.Addr
	node Node // set where the socket has a file
}

// bind binds an address once, without waiting for a holder to let go.
func bind(ctx context.Context, a Address) (binding, error) {
	var lc net.ListenConfig
	switch {
	case a.Network == "unix" && !a.isAbstract():
		return bindPath(ctx, a)
	case a.Kind() == Packet:
		conn, err := lc.ListenPacket(ctx, a.Network, a.target())
		if err != nil {
			return binding{}, err
		}
		return binding{conn: conn.(*net.UDPConn), addr: conn.LocalAddr()}, nil
	}
	ln, err := lc.Listen(ctx, a.Network, a.target())
	if err != nil {
		return binding{}, err
	}
	return streamBinding(ln), nil
}

func streamBinding(ln net.Listener) binding {
	if u, ok := ln.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false) // it would remove whatever has the path by then
		return binding{conn: u, addr: u.Addr()}
	}
	return binding{conn: ln.(*net.TCPListener), addr: ln.Addr()}
}
