//go:build unix

package master

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/socket"
	"golang.org/x/sys/unix"
)

// Admin is by what a master is reached.
type Admin struct {
	Socket    *socket.Socket // unix, the master closes and removes it; nil: none
	Listeners []Listener     // others
}

// A Listener is one more way in.
type Listener struct {
	net.Listener
	Access admin.Access
}

// consoleTimeout bounds the wait for requests that are being answered when the
// master ends.
const consoleTimeout = 2 * time.Second

// A reception is the server of the admin API.
type reception struct {
	server *admin.Server
	socket *socket.Socket
}

// openConsole begins to answer. What cannot be opened is said, and hinders nothing.
func (m *Master) openConsole() {
	c := &m.console
	c.server = admin.NewServer(console{m}, admin.Options{Log: m.cfg.Log})
	if c.socket != nil {
		l, err := listenerOf(c.socket)
		if err != nil {
			m.cfg.Log.Warn("the master cannot be reached by its socket", "socket", c.path(), "error", err)
		} else {
			m.serve(Listener{l, admin.Access{Peer: true}})
		}
	}
	for _, l := range m.cfg.Admin.Listeners {
		m.serve(l)
	}
}

func (m *Master) serve(l Listener) {
	server := m.console.server
	m.beside.Go(func() {
		if err := server.Serve(l.Listener, l.Access); err != nil {
			m.cfg.Log.Warn("the master cannot be reached", "address", l.Addr().String(), "error", err)
		}
	})
}

// listenerOf makes a listener of a copy of the socket, which outlives it.
func listenerOf(s *socket.Socket) (net.Listener, error) {
	fd, err := unix.FcntlInt(s.FD(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return socket.FileListener(s.Network(), os.NewFile(uintptr(fd), "admin"))
}

// close ends all answers, and takes the name away.
func (c *reception) close() {
	if c.server != nil {
		c.server.Close(consoleTimeout)
	}
	if c.socket != nil {
		errors.Join(c.socket.Unlink(), c.socket.Close()) // best effort: the process ends
	}
}

// path is where the socket is; empty: there is none.
func (c *reception) path() string {
	if c.socket == nil {
		return ""
	}
	return c.socket.Record().Node.Path
}
