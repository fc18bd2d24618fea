package worker

import "net"

// The connections that a Listener accepts. They embed the concrete type, so
// that io.ReaderFrom and io.WriterTo stay visible and with them sendfile(2) and
// splice(2): see the use of io.ReaderFrom in net/http's response.ReadFrom.

type tcpConn struct {
	*net.TCPConn
	entry
}

func (c *tcpConn) Close() error {
	err := c.TCPConn.Close()
	c.leave()
	return err
}

type unixConn struct {
	*net.UnixConn
	entry
}

func (c *unixConn) Close() error {
	err := c.UnixConn.Close()
	c.leave()
	return err
}

// admit counts an accepted connection and returns it as the program sees it.
func (t *tally) admit(conn net.Conn) net.Conn {
	switch conn := conn.(type) {
	case *net.TCPConn:
		c := &tcpConn{TCPConn: conn}
		t.enter(&c.entry, c)
		return c
	case *net.UnixConn:
		c := &unixConn{UnixConn: conn}
		t.enter(&c.entry, c)
		return c
	default:
		return conn // no listener of ours makes another kind
	}
}
