package socket

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// A Socket is one bound address as the master holds it: a descriptor that
// nothing in this process reads from or accepts on. Its methods may be called
// from one goroutine at a time.
type Socket struct {
	record Record
	fd     int // -1 once closed
}

// A Record is a socket without its descriptor, for a master that replaces
// itself by execve: the next one makes the socket of it with [Adopt].
type Record struct {
	Spec    string `json:"spec"`              // Address.Spec
	Network string `json:"network"`           // tcp, udp or unix
	Address string `json:"address,omitempty"` // what Socket.Address returns; empty for Spec
	Node    Node   `json:"node,omitzero"`     // the unix socket's file

	// StoreName is the name under which a service manager can keep the socket
	// for the next start; empty where it holds the socket anyhow.
	StoreName string `json:"store_name,omitempty"`
}

// Kind tells whether a worker makes a listener of the socket or a packet
// connection.
func (s *Socket) Kind() Kind {
	if s.record.Network == "udp" {
		return Packet
	}
	return Stream
}

// Network returns tcp, udp or unix: what [FileListener] and [FilePacketConn]
// have to be told.
func (s *Socket) Network() string { return s.record.Network }

// Spec returns the address as the user wrote it, port 0 included.
func (s *Socket) Spec() string { return s.record.Spec }

// Address returns the text for State.Address, as [Address.Resolved] makes it.
func (s *Socket) Address() string { return s.record.Address }

// Record returns what [Adopt] needs beside the descriptor.
func (s *Socket) Record() Record { return s.record }

// FD returns the descriptor, for SCM_RIGHTS or to keep it across execve. It is
// close-on-exec and non-blocking, and it belongs to the socket: do not close
// it, and do not wrap it in an os.File, whose finalizer would. Once the socket
// is closed it is ^uintptr(0).
func (s *Socket) FD() uintptr { return uintptr(s.fd) }

// Close closes the master's descriptor. Copies in workers go on, and a unix
// socket keeps its path. A second call returns an error that matches
// net.ErrClosed.
func (s *Socket) Close() error {
	if s.fd < 0 {
		return fmt.Errorf("close %q: %w", s.record.Address, net.ErrClosed)
	}
	fd := s.fd
	s.fd = -1
	if err := closeFD(fd); err != nil {
		return fmt.Errorf("close %q: %w", s.record.Address, os.NewSyscallError("close", err))
	}
	return nil
}

// Unlink removes the path of a unix socket where it is still the very socket
// that was bound, and does nothing for any other. It comes before [Socket.Close]:
// the open socket is what keeps the kernel from giving its inode number to
// another file. After Close it returns an error that matches net.ErrClosed. It
// may wait up to two seconds for the lock of the directory.
func (s *Socket) Unlink() error {
	if s.fd < 0 && s.record.Node.Path != "" {
		return fmt.Errorf("unlink %q: %w", s.record.Node.Path, net.ErrClosed)
	}
	return s.record.Node.unlink()
}

// discard undoes a bind.
func (s *Socket) discard() error { return errors.Join(s.Unlink(), s.Close()) }
