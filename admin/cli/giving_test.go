package cli

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// A cutting listener ends connections on which an order comes, as a master does
// that is replaced at that moment: before it has read the order, or after it has
// carried it out.
type cutting struct {
	net.Listener
	before, after atomic.Int32 // how many orders
}

func (c *cutting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &cutConn{UnixConn: conn.(*net.UnixConn), of: c}, nil
}

type cutConn struct {
	*net.UnixConn
	of    *cutting
	order bool
}

var errCut = errors.New("cut off by the test")

func (c *cutConn) Read(p []byte) (int, error) {
	n, err := c.UnixConn.Read(p)
	if strings.HasPrefix(string(p[:n]), "POST ") {
		c.order = true
		if c.of.before.Add(-1) >= 0 {
			c.Close()
			return 0, errCut
		}
	}
	return n, err
}

func (c *cutConn) Write(p []byte) (int, error) {
	if c.order && c.of.after.Add(-1) >= 0 {
		c.Close()
		return 0, errCut
	}
	return c.UnixConn.Write(p)
}

// An order whose answer did not come is given again where it was not taken, and
// followed where it was; it is never carried out twice.
func TestOrderThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		before, after int32
	}{
		{"before it was read", 2, 0},
		{"after it was carried out", 0, 1},
	} {
		b := &bench{Master: admintest.New(), t: t, socket: filepath.Join(shortDir(t), "admin.sock")}
		l, err := net.Listen("unix", b.socket)
		if err != nil {
			t.Fatal(err)
		}
		c := &cutting{Listener: l}
		serveOn(t, c, b.Master)
		b.env = Env{Program: "overseer", Socket: b.socket}
		b.Emit(admin.Event{Kind: admin.RestartAsked}) // another's, earlier
		c.before.Store(row.before)
		c.after.Store(row.after)
		follower := b.Follow(1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				e, err := follower.Next(t.Context())
				if err != nil {
					return
				}
				if e.Kind == admin.RestartAsked {
					b.Emit(starting)
					b.Emit(admin.Event{Kind: admin.Live, Generation: 2})
					return
				}
			}
		}()
		got := b.run("restart", "--reason", "a test")
		<-done
		if n := len(b.Orders()); got.code != ExitDone || n != 1 || !strings.Contains(got.out, "generation 2 is live") {
			t.Errorf("%s: code %d, %d orders: %s%s", row.name, got.code, n, got.out, got.err)
		}
	}
}
