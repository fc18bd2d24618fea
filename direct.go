package overseer

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/internal/digests"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// bindTimeout bounds the binding of one address where overseer is disabled.
const bindTimeout = 10 * time.Second

// disabledState is what a program gets that runs without a master: as much of a
// State as one process can have.
func disabledState(c Config) State {
	s := DisabledState
	s.StartedAt = time.Now()
	s.GracefulShutdown = make(chan bool)
	s.BinPath, _ = os.Executable() // unknown: empty
	s.ID, s.Digest = hashes(s.BinPath)
	addresses := c.Addresses
	if c.Address != "" {
		addresses = append([]string{c.Address}, addresses...)
	}
	inherited := takeManager().sockets
	for _, spec := range addresses {
		s.bind(spec, inherited)
	}
	if len(s.Listeners) > 0 {
		s.Listener = s.Listeners[0]
	}
	if len(s.Addresses) > 0 {
		s.Address = s.Addresses[0]
	}
	return s
}

func (s *State) bind(spec string, inherited *socket.Inherited) {
	ctx, cancel := context.WithTimeout(context.Background(), bindTimeout)
	defer cancel()
	a, err := socket.Parse(spec)
	if err == nil {
		l, conn, taken := socket.DirectInherited(ctx, a, inherited)
		switch {
		case l != nil:
			s.Listeners, s.Addresses = append(s.Listeners, l), append(s.Addresses, a.Resolved(l.Addr()))
			return
		case conn != nil:
			s.PacketConns, s.Addresses = append(s.PacketConns, conn), append(s.Addresses, a.Resolved(conn.LocalAddr()))
			return
		}
		err = taken
	}
	if err == nil && a.Kind() == socket.Packet {
		conn, err := socket.DirectPacketConn(ctx, a)
		if err == nil {
			s.PacketConns = append(s.PacketConns, conn)
			s.Addresses = append(s.Addresses, a.Resolved(conn.LocalAddr()))
			return
		}
		s.PacketConns = append(s.PacketConns, unboundConn{spec: unbound(spec), err: err})
		s.Addresses = append(s.Addresses, spec)
		return
	}
	var l net.Listener
	if err == nil {
		l, err = socket.DirectListener(ctx, a)
	}
	if err != nil {
		s.Listeners = append(s.Listeners, unboundListener{spec: unbound(spec), err: err})
		s.Addresses = append(s.Addresses, spec)
		return
	}
	s.Listeners = append(s.Listeners, l)
	s.Addresses = append(s.Addresses, a.Resolved(l.Addr()))
}

// unbound is the address of a socket that could not be bound.
type unbound string

func (unbound) Network() string  { return "unbound" }
func (u unbound) String() string { return string(u) }

// An unboundListener stands in for a listener that could not be bound, so that a
// program which never looks finds the reason in its first Accept.
type unboundListener struct {
	spec unbound
	err  error
}

func (l unboundListener) Accept() (net.Conn, error) { return nil, l.err }
func (l unboundListener) Close() error              { return nil }
func (l unboundListener) Addr() net.Addr            { return l.spec }

// An unboundConn is the same for a datagram socket.
type unboundConn struct {
	spec unbound
	err  error
}

func (c unboundConn) ReadFrom([]byte) (int, net.Addr, error) { return 0, nil, c.err }
func (c unboundConn) WriteTo([]byte, net.Addr) (int, error)  { return 0, c.err }
func (c unboundConn) Close() error                           { return nil }
func (c unboundConn) LocalAddr() net.Addr                    { return c.spec }
func (c unboundConn) SetDeadline(time.Time) error            { return c.err }
func (c unboundConn) SetReadDeadline(time.Time) error        { return c.err }
func (c unboundConn) SetWriteDeadline(time.Time) error       { return c.err }

// hashes returns the SHA-1 and the SHA-256 of a file, or nothing.
func hashes(path string) (id, digest string) {
	f, err := os.Open(path)
	if err != nil {
		return "", ""
	}
	defer f.Close()
	sums, err := digests.Sum(f)
	if err != nil {
		return "", ""
	}
	return sums.ID, sums.Digest.String()
}

// serveDirect serves without a master.
func serveDirect(srv *http.Server, listeners []net.Listener) error {
	if len(listeners) == 0 {
		if srv.Addr == "" {
			return errors.New("serve: the program has no listeners, and http.Server.Addr is empty")
		}
		return srv.ListenAndServe()
	}
	serve := wayToServe(srv)
	results := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { results <- serve(srv, l) }()
	}
	err := <-results
	srv.Close() // ends the other listeners
	return err
}

// wayToServe returns how a server serves a listener: with TLS where it is
// configured for it. It is asked before the first listener is served, as that
// writes to TLSConfig (net/http sets HTTP/2 up in it).
func wayToServe(srv *http.Server) func(*http.Server, net.Listener) error {
	if c := srv.TLSConfig; c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil) {
		return func(srv *http.Server, l net.Listener) error { return srv.ServeTLS(l, "", "") }
	}
	return (*http.Server).Serve
}
