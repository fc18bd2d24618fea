package socket

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// FileListener makes a listener of a descriptor that the master sent, for the
// network that [Socket.Network] told. It takes over and closes f, also on an
// error. The result is a *net.TCPListener or a *net.UnixListener: connections
// are the kernel's own. Closing it leaves the master's socket open and a unix
// socket's path in place.
func FileListener(network string, f *os.File) (net.Listener, error) {
	private, err := takeFile(f)
	if err != nil {
		return nil, fmt.Errorf("rebuild %s listener: %w", network, err)
	}
	ln, err := net.FileListener(private)
	if err = errors.Join(err, private.Close()); err != nil {
		if ln != nil {
			ln.Close()
		}
		return nil, fmt.Errorf("rebuild %s listener: %w", network, err)
	}
	switch l := ln.(type) {
	case *net.TCPListener:
		if network == "tcp" {
			return l, nil
		}
	case *net.UnixListener:
		l.SetUnlinkOnClose(false)
		if network == "unix" {
			return l, nil
		}
	}
	got := ln.Addr().Network()
	return nil, errors.Join(fmt.Errorf("rebuild %s listener: the descriptor is a %s socket", network, got), ln.Close())
}

// FilePacketConn is [FileListener] for a packet socket: network is udp.
func FilePacketConn(network string, f *os.File) (*net.UDPConn, error) {
	private, err := takeFile(f)
	if err != nil {
		return nil, fmt.Errorf("rebuild %s socket: %w", network, err)
	}
	conn, err := net.FilePacketConn(private)
	if err = errors.Join(err, private.Close()); err != nil {
		if conn != nil {
			conn.Close()
		}
		return nil, fmt.Errorf("rebuild %s socket: %w", network, err)
	}
	if udp, ok := conn.(*net.UDPConn); ok && network == "udp" {
		return udp, nil
	}
	got := conn.LocalAddr().Network()
	return nil, errors.Join(fmt.Errorf("rebuild %s socket: the descriptor is a %s socket", network, got), conn.Close())
}

// takeFile closes f and returns a file of this package's own for the same
// socket. package net calls Fd on it, which for some files (those of
// TCPListener.File, for one) switches the socket to blocking in every process;
// for a file made here it does not.
func takeFile(f *os.File) (*os.File, error) {
	if f == nil {
		return nil, os.ErrInvalid
	}
	defer f.Close()
	fd, err := detach(f)
	if err != nil {
		return nil, err
	}
	return asFile(fd)
}
