package admin_test

import (
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

// A cutting listener ends the next connections before they have an answer, as a
// master does that is replaced.
type cutting struct {
	net.Listener
	next atomic.Int32
}

func (c *cutting) Accept() (net.Conn, error) {
	for {
		conn, err := c.Listener.Accept()
		if err != nil || c.next.Add(-1) < 0 {
			return conn, err
		}
		conn.Read(make([]byte, 1)) // the request has begun
		conn.Close()
	}
}

// What may be done twice is done again where the connection was cut off, and what
// may not is not.
func TestClientAsksAgain(t *testing.T) {
	s := newService(admin.Bounds{})
	path := filepath.Join(shortDir(t), "admin.sock")
	l := &cutting{Listener: listen(t, "unix", path)}
	s.serve(t, l, admin.Access{Peer: true})
	c, ctx := admin.Dial(path), bounded(t)

	l.next.Store(3)
	if st, err := c.Status(ctx); err != nil || st.Name != "app" {
		t.Errorf("status: %v", err)
	}
	l.next.Store(3)
	if _, err := c.Release(ctx, admin.Order{}); err != nil {
		t.Errorf("release: %v", err)
	}
	l.next.Store(1)
	if _, err := c.Restart(ctx, admin.Order{}); !admin.IsCut(err) {
		t.Errorf("restart: %v, want that it was cut off", err)
	}
	l.next.Store(1000)
	if _, err := c.Status(ctx); !admin.IsCut(err) {
		t.Errorf("status: %v, want that it was cut off for good", err)
	}
	l.next.Store(0)
	if n := len(s.master.Orders()); n != 1 {
		t.Errorf("%d orders were given, want 1", n)
	}
}
