package loadtest_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// patience bounds what must not hang; no test waits for it.
const patience = 30 * time.Second

const good = "HTTP/1.1 200 OK\r\nX-Version: v1\r\nContent-Length: 4\r\n\r\nfine"

// peer is the server's end of a connection, for a script to misuse.
type peer struct {
	net.Conn
	in *bufio.Reader
}

// hear reads one request; false means that the client has gone.
func (p *peer) hear() bool {
	_, err := http.ReadRequest(p.in)
	return err == nil
}

func (p *peer) say(text string) { io.WriteString(p, text) }

// reset closes the connection without a goodbye.
func (p *peer) reset() {
	p.Conn.(*net.TCPConn).SetLinger(0)
	p.Close()
}

// hang waits until the client closes.
func (p *peer) hang() { io.Copy(io.Discard, p) }

// serve runs the script for each connection, one goroutine each, and closes
// the connection after it.
func serve(t *testing.T, network string, script func(*peer)) (address string) {
	t.Helper()
	address = "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				script(&peer{conn, bufio.NewReader(conn)})
			})
		}
	})
	t.Cleanup(func() { l.Close(); running.Wait() })
	return l.Addr().String()
}

// handle runs a real HTTP server.
func handle(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	ended := make(chan struct{})
	go func() { defer close(ended); server.Serve(l) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return l.Addr().String()
}

func start(t *testing.T, c loadtest.Config) *loadtest.Load {
	t.Helper()
	load, err := loadtest.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { load.Stop() })
	return load
}

// run waits for a load that has a number of requests to make.
func run(t *testing.T, c loadtest.Config) loadtest.Report {
	t.Helper()
	load := start(t, c)
	await(t, load.Done(), "the load to end")
	return load.Stop()
}

func await[T any](t *testing.T, c <-chan T, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("waited %v for %s", patience, what)
	}
}

// anyNumber of connections is right where a timeout is short: on a busy
// machine it may be over within the dial.
const anyNumber = -1

// compare checks the counts that a test fixes.
func compare(t *testing.T, got loadtest.Report, requests, connections int64, failures map[loadtest.Kind]int64) {
	t.Helper()
	var failed int64
	ok := got.Requests == requests && (got.Connections == connections || connections == anyNumber) && len(got.Failures) == len(failures)
	for kind, n := range failures {
		failed += n
		ok = ok && got.Failures[kind] == n
	}
	if !ok || got.Failed != failed {
		t.Fatalf("got\n%vwant %d requests, %d connections, failures %v", got, requests, connections, failures)
	}
}
