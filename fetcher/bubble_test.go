package fetcher_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

// inBubble runs a test with a clock that jumps, and a web server that every
// host name leads to, over pipes: a socket would stop the clock.
func inBubble(t *testing.T, serve http.HandlerFunc, run func(t *testing.T, client *http.Client)) {
	synctest.Test(t, func(t *testing.T) {
		listener := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		server := &http.Server{Handler: serve, ErrorLog: log.New(io.Discard, "", 0)}
		ended := make(chan struct{})
		go func() { server.Serve(listener); close(ended) }()
		transport := &http.Transport{
			DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return listener.dial(ctx) },
			DisableCompression: true,
		}
		defer func() {
			transport.CloseIdleConnections()
			server.Close()
			<-ended
		}()
		run(t, &http.Client{Transport: transport})
	})
}

type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

// noise is n bytes that do not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// fetchAll is one fetch of a careful consumer. took is how long it waited.
func fetchAll(t *testing.T, f fetcher.Interface) (got []byte, took time.Duration, err error) {
	t.Helper()
	begin := time.Now()
	r, err := f.Fetch()
	if err != nil || r == nil {
		return nil, time.Since(begin), err
	}
	defer r.(io.Closer).Close()
	got, err = io.ReadAll(r)
	if err == nil {
		r.(fetcher.Receipt).Taken()
	}
	return got, time.Since(begin), err
}

func wantWhole(t *testing.T, f fetcher.Interface, want []byte) time.Duration {
	t.Helper()
	got, took, err := fetchAll(t, f)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("fetched %d bytes and %v; want the %d bytes of the release", len(got), err, len(want))
	}
	return took
}

func wantNothing(t *testing.T, f fetcher.Interface) time.Duration {
	t.Helper()
	got, took, err := fetchAll(t, f)
	if err != nil || got != nil {
		t.Fatalf("fetched %d bytes and %v; want nil, nil", len(got), err)
	}
	return took
}

// inProcess is a client whose requests a handler answers, whatever their host.
func inProcess(serve http.HandlerFunc) *http.Client {
	return &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		r.Host = cmp.Or(r.Host, r.URL.Host)
		w := httptest.NewRecorder()
		serve(w, r)
		answer := w.Result()
		answer.Request = r
		return answer, nil
	})}
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
