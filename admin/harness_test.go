package admin_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// patience is far more than anything takes: a test that fails ends.
const patience = time.Minute

// A service is a server of a master that runs nothing.
type service struct {
	*admin.Server
	master *admintest.Master
}

func newService(b admin.Bounds) *service {
	m := admintest.New()
	s := admin.NewServer(m, admin.Options{})
	s.Narrow(b)
	return &service{s, m}
}

// serve serves on a listener until the test ends.
func (s *service) serve(t testing.TB, l net.Listener, a admin.Access) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- s.Serve(l, a) }()
	t.Cleanup(func() {
		s.Close(patience)
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Serve: got error %v, want none after Close", err)
			}
		case <-time.After(patience):
			t.Error("Serve has not returned after Close")
		}
	})
}

// onUnix serves on a unix socket, for the user of the test.
func (s *service) onUnix(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(shortDir(t), "admin.sock")
	s.serve(t, listen(t, "unix", path), admin.Access{Peer: true})
	return path
}

// shortDir is a folder whose path leaves room in the 108 bytes of a socket's.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "admin")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func listen(t testing.TB, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const secret = "a-token-of-the-tests"

// onTCP serves on loopback with a token.
func (s *service) onTCP(t testing.TB, hosts ...string) (url string) {
	t.Helper()
	l := listen(t, "tcp", "127.0.0.1:0")
	s.serve(t, l, admin.Access{Token: secret, Hosts: hosts})
	return "http://" + l.Addr().String()
}

// bounded is a context that ends long after what is awaited.
func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// A call is one request as a test writes it.
type call struct {
	method, url string
	header      map[string]string // Host too
	body        string
}

// do sends it, by TCP or by a unix socket, on a connection of its own.
func (c call) do(t testing.TB, socket string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(bounded(t), c.method, c.url, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	if c.body == "" {
		req.Body, req.ContentLength = nil, 0
	}
	for name, value := range c.header {
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	if socket != "" {
		tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.url, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", c.method, c.url, err)
	}
	return resp, string(body)
}

// eventually polls where nothing tells: counts of goroutines, and such.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !is(); {
		if time.Now().After(until) {
			t.Fatalf("%s: not within %v", what, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
