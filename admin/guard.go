package admin

import (
	"crypto/tls"
	"net"
	"os"
	"sync"
)

// A guard is a listener that knows who connects and bounds how many are in. One
// too many is closed at once: a queue of them would only be served later.
type guard struct {
	net.Listener
	peers     bool
	conns     chan struct{}
	strangers chan struct{} // users who will be refused do not take the places of others
}

// newGuard returns the listener that is served, with TLS where that is asked for.
func newGuard(l net.Listener, a Access, max limits) net.Listener {
	g := &guard{
		Listener:  l,
		peers:     a.Peer,
		conns:     make(chan struct{}, max.conns),
		strangers: make(chan struct{}, max.strangers),
	}
	if a.TLS == nil {
		return g
	}
	config := a.TLS.Clone()
	config.NextProtos = []string{"http/1.1"}
	return tls.NewListener(g, config)
}

func (g *guard) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c, ok := g.admit(c); ok {
			return c, nil
		}
		c.Close()
	}
}

// writeBuffer bounds what the kernel holds for a client that does not read.
const writeBuffer = 128 << 10

func (g *guard) admit(c net.Conn) (*conn, bool) {
	in := &conn{Conn: c, places: g.conns}
	if g.peers {
		if in.uid, in.err = peerUID(c); !in.allowed() {
			in.places = g.strangers
		}
	}
	select {
	case in.places <- struct{}{}:
	default:
		return nil, false
	}
	if b, ok := c.(interface{ SetWriteBuffer(int) error }); ok {
		b.SetWriteBuffer(writeBuffer) // a wish: where it is not granted the kernel's own bound holds
	}
	return in, true
}

// A conn is a connection, with the user at its other end where that is asked for.
type conn struct {
	net.Conn
	uid    int
	err    error // why the user is not known
	places chan struct{}
	once   sync.Once
}

func (c *conn) allowed() bool { return c.err == nil && (c.uid == 0 || c.uid == os.Geteuid()) }

// Close closes the connection and gives its place back.
func (c *conn) Close() error {
	c.once.Do(func() { <-c.places })
	return c.Conn.Close()
}
