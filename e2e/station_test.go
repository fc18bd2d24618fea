package e2e

import (
	"net"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

const token = "a-token-for-the-tests-of-the-page"

// A station serves the page of a master that runs nothing.
type station struct {
	t       *testing.T
	master  *admintest.Master
	server  *admin.Server
	address string // host and port
	token   string
}

// serve serves until the test ends.
func serve(t *testing.T, m *admintest.Master) *station {
	t.Helper()
	s := &station{t: t, master: m, token: token}
	s.start("127.0.0.1:0")
	return s
}

func (s *station) start(address string) {
	s.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.server = serveOn(s.t, l, s.master, admin.Access{Token: s.token})
}

// serveOn serves on a listener until the test ends, or the server is closed.
func serveOn(t *testing.T, l net.Listener, m admin.Master, a admin.Access) *admin.Server {
	server := admin.NewServer(m, admin.Options{})
	done := make(chan error, 1)
	go func() { done <- server.Serve(l, a) }()
	t.Cleanup(func() {
		server.Close(patience)
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return server
}

// stop ends the server; a page that is open is told by nothing else.
func (s *station) stop() { s.server.Close(patience) }

// url is the page's, without and with the token.
func (s *station) url() string      { return "http://" + s.address + "/" }
func (s *station) tokenURL() string { return s.url() + "#token=" + token }

// page opens the page and waits until it is live.
func (s *station) page(on screen) *tab {
	s.t.Helper()
	b := open(s.t, s.tokenURL(), on)
	b.untilLive()
	return b
}

// ordered waits until the master was given n orders, and returns the last one.
func (s *station) ordered(b *tab, n int) admintest.Ordered {
	s.t.Helper()
	// The dialog closes when the answer has come, and that comes after the order.
	b.until("!document.getElementById('dialog').open")
	all := s.master.Orders()
	if len(all) != n {
		s.t.Fatalf("the master was given %d orders, want %d: %+v", len(all), n, all)
	}
	return all[n-1]
}
