//go:build unix

package worker

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

func plain(srv *http.Server, l net.Listener) error { return srv.Serve(l) }

// serving runs Serve beside the test.
func serving(w *Worker, srv *http.Server, serve func(*http.Server, net.Listener) error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- w.Serve(srv, serve) }()
	return c
}

// opened is a worker with one socket that is live.
func opened(t *testing.T, timeout time.Duration) (stream, *Worker, *fakeMaster) {
	t.Helper()
	s := bind(t, "tcp")
	w, m := connect(t, timeout, s)
	m.say(handover.Open{})
	m.await(handover.Opened{})
	return s, w, m
}

// A client of one connection that never tries again.
type client struct {
	net.Conn
	r *bufio.Reader
}

func newClient(t *testing.T, s stream) *client {
	c := dial(t, s)
	return &client{c, bufio.NewReader(c)}
}

func (c *client) ask() error {
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	return err
}

func (c *client) answer() (*http.Response, string, error) {
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// hold keeps requests in a handler.
type hold struct{ in, out chan struct{} }

func newHold() hold { return hold{make(chan struct{}, 100), make(chan struct{})} }

func (h hold) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.in <- struct{}{}
	<-h.out
	io.WriteString(w, "answered")
}

func TestServeEndsWhenAllIsAnswered(t *testing.T) {
	s, w, m := opened(t, time.Minute)
	h := newHold()
	served := serving(w, &http.Server{Handler: h}, plain)
	inFlight := newClient(t, s)
	must(t, inFlight.ask())
	next(t, h.in, "the request")
	fresh := newClient(t, s) // connected, and has asked nothing yet
	waitOpen(t, w, 2)
	m.say(handover.Drain{Timeout: time.Minute})
	next(t, w.Graceful, "the drain")
	silent(t, served, "Serve has ended before its requests")
	must(t, fresh.ask())
	next(t, h.in, "the request on the fresh connection")
	close(h.out)
	for name, c := range map[string]*client{"in flight": inFlight, "fresh": fresh} {
		resp, body, err := c.answer()
		if err != nil || body != "answered" {
			t.Fatalf("%s: %q, %v; want the answer", name, body, err)
		}
		if name == "fresh" && !resp.Close {
			t.Errorf("%s: the answer does not say Connection: close", name)
		}
	}
	// The first answer was begun before the drain: its connection is kept, and
	// asked once more.
	must(t, inFlight.ask())
	if resp, body, err := inFlight.answer(); err != nil || body != "answered" || !resp.Close {
		t.Fatalf("asked again: %q, %v; want an answer with Connection: close", body, err)
	}
	if err := next(t, served, "the end of Serve"); err != nil {
		t.Fatalf("Serve = %v; want nil after a drain", err)
	}
	w.Wait()
}

// waitOpen waits until so many connections are accepted: the kernel completes
// them before.
func waitOpen(t *testing.T, w *Worker, n int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		w.tally.mu.Lock()
		open := w.tally.open
		w.tally.mu.Unlock()
		if open == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are open; want %d", open, n)
		}
		time.Sleep(time.Millisecond)
	}
}

// No request is lost when generations take turns under load, on new connections
// and on kept-alive ones.
func TestServeLosesNothing(t *testing.T) {
	const generations, clients = 12, 4
	s := bind(t, "tcp")
	begin := func() (*Worker, *fakeMaster, <-chan error) {
		w, m := connect(t, time.Minute, s)
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "answered") })}
		return w, m, serving(w, srv, plain)
	}
	w, m, served := begin()
	m.say(handover.Open{})
	m.await(handover.Opened{})

	stop := make(chan struct{})
	answered := make(chan struct{}, 1)
	var asking sync.WaitGroup
	for n := range 2 * clients {
		asking.Go(func() {
			for {
				if err := session(s, n < clients, stop, answered); err != nil {
					t.Errorf("a request was lost (kept alive: %v): %v", n < clients, err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range generations {
		w2, m2, served2 := begin()
		m2.say(handover.Open{})
		m2.await(handover.Opened{})
		m.say(handover.Pause{Sockets: []int{0}})
		m.say(handover.Drain{Timeout: time.Minute})
		for range 50 {
			next(t, answered, "an answer")
		}
		if err := next(t, served, "the end of the old generation"); err != nil {
			t.Errorf("Serve = %v", err)
		}
		w.Wait()
		w, m, served = w2, m2, served2
	}
	close(stop)
	asking.Wait()
	m.say(handover.Drain{Timeout: time.Minute, Last: true})
	must(t, next(t, served, "the end of the last generation"))
}

// session asks on one connection, once or until it is told to go elsewhere.
func session(s stream, kept bool, stop <-chan struct{}, answered chan<- struct{}) error {
	conn, err := net.DialTimeout("tcp", s.Addr().String(), patience)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	c := &client{conn, bufio.NewReader(conn)}
	for {
		if err := c.ask(); err != nil {
			return err
		}
		resp, body, err := c.answer()
		if err != nil {
			return err
		}
		if body != "answered" {
			return fmt.Errorf("answer is %q", body)
		}
		select {
		case answered <- struct{}{}:
		default:
		}
		select {
		case <-stop:
			return nil
		default:
		}
		if !kept || resp.Close {
			return nil
		}
	}
}

// What a program with plain http.Serve does: it returns when Accept ends, and
// the worker waits for what was accepted.
func TestThePlainServeOfOldPrograms(t *testing.T) {
	s, w, m := opened(t, time.Minute)
	h := newHold()
	returned := make(chan error, 1)
	go func() {
		err := http.Serve(w.Listeners[0], h)
		w.Wait()
		returned <- err
	}()
	c := newClient(t, s)
	must(t, c.ask())
	next(t, h.in, "the request")
	m.say(handover.Drain{Timeout: time.Minute})
	next(t, w.Graceful, "the drain")
	silent(t, returned, "the program has ended before its request")
	close(h.out)
	if _, body, err := c.answer(); err != nil || body != "answered" {
		t.Fatalf("answer is %q, %v", body, err)
	}
	c.Close()
	if err := next(t, returned, "the end"); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("http.Serve = %v; want net.ErrClosed", err)
	}
}

// http.Server.Shutdown with an idle kept-alive client returns at once.
func TestShutdownDoesNotHang(t *testing.T) {
	s, w, _ := opened(t, time.Minute)
	srv := &http.Server{Handler: http.NotFoundHandler()}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(w.Listeners[0]) }()
	c := newClient(t, s)
	must(t, c.ask())
	_, _, err := c.answer()
	must(t, err)
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(t.Context()) }()
	must(t, next(t, down, "Shutdown"))
	if err := next(t, served, "Serve"); err != http.ErrServerClosed {
		t.Fatalf("Serve = %v; want http.ErrServerClosed", err)
	}
}

func TestServeHTTP2SaysGoAway(t *testing.T) {
	s, w, m := opened(t, time.Minute)
	proto := httptest.NewUnstartedServer(nil)
	proto.StartTLS() // for its certificate
	defer proto.Close()
	h := newHold()
	srv := &http.Server{Handler: h, TLSConfig: &tls.Config{Certificates: proto.TLS.Certificates}}
	served := serving(w, srv, func(srv *http.Server, l net.Listener) error { return srv.ServeTLS(l, "", "") })

	roots := x509.NewCertPool()
	roots.AddCert(proto.Certificate())
	tr := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: "example.com"},
		ForceAttemptHTTP2: true,
	}
	defer tr.CloseIdleConnections()
	hc := &http.Client{Transport: tr, Timeout: patience}
	url := "https://" + s.Addr().String() + "/"
	answers := make(chan error, 2)
	get := func() {
		resp, err := hc.Get(url)
		if err == nil {
			body, rerr := io.ReadAll(resp.Body)
			resp.Body.Close()
			if rerr != nil || string(body) != "answered" || resp.ProtoMajor != 2 {
				err = fmt.Errorf("answer is %q over %s: %v", body, resp.Proto, rerr)
			}
		}
		answers <- err
	}
	go get()
	next(t, h.in, "a request before the drain")
	m.say(handover.Drain{Timeout: time.Minute})
	next(t, w.Graceful, "the drain")
	go get() // on the same connection: no other is accepted
	next(t, h.in, "a request during the drain")
	close(h.out)
	for range 2 {
		must(t, next(t, answers, "an answer"))
	}
	// GOAWAY has ended the connection, long before the deadline.
	if err := next(t, served, "the end of Serve"); err != nil {
		t.Fatalf("Serve = %v; want nil", err)
	}
}

func hijack(t *testing.T) (http.Handler, <-chan net.Conn) {
	conns := make(chan net.Conn, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(c, "yours")
		conns <- c
	}), conns
}

func TestHijackedConnectionsAreWaitedFor(t *testing.T) {
	s, w, m := opened(t, time.Minute)
	handler, conns := hijack(t)
	served := serving(w, &http.Server{Handler: handler}, plain)
	c := newClient(t, s)
	must(t, c.ask())
	server := next(t, conns, "the hijacked connection")
	m.say(handover.Drain{Timeout: time.Minute})
	next(t, w.Graceful, "the drain")
	silent(t, served, "Serve does not wait")
	_, err := io.WriteString(server, " truly")
	must(t, err)
	must(t, server.Close())
	must(t, next(t, served, "the end of Serve"))
	w.Wait()
	if text, err := io.ReadAll(c); err != nil || string(text) != "yours truly" {
		t.Fatalf("client read %q, %v", text, err)
	}
}

func TestForcedCloseAtTheDeadline(t *testing.T) {
	const timeout = 200 * time.Millisecond
	s, w, m := opened(t, time.Minute)
	handler, conns := hijack(t)
	mux := http.NewServeMux()
	mux.Handle("/", handler)
	served := serving(w, &http.Server{Handler: mux}, plain)
	hijacked, idle := newClient(t, s), newClient(t, s)
	must(t, hijacked.ask())
	server := next(t, conns, "the hijacked connection")
	waitOpen(t, w, 2)
	began := time.Now()
	m.say(handover.Drain{Timeout: timeout})
	must(t, next(t, served, "the end of Serve"))
	w.Wait()
	if took := time.Since(began); took < timeout*8/10 || took > patience/2 {
		t.Errorf("the drain took %v; want about %v", took, timeout)
	}
	if _, err := server.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write = %v; want a connection closed by force", err)
	}
	if _, err := io.ReadAll(idle); err != nil {
		t.Errorf("the idle connection ended with %v; want a plain end", err)
	}
}

func TestServeReturnsTheServersError(t *testing.T) {
	s, s2 := bind(t, "tcp"), bind(t, "unix")
	w, _ := connect(t, time.Minute, s, s2)
	want := errors.New("no certificate")
	first := make(chan struct{}, 1)
	first <- struct{}{}
	served := serving(w, &http.Server{}, func(srv *http.Server, l net.Listener) error {
		select {
		case <-first:
			return want
		default:
			return srv.Serve(l)
		}
	})
	if err := next(t, served, "the end of Serve"); err != want {
		t.Fatalf("Serve = %v; want %v", err, want)
	}
}

func TestServeAfterTheProgramsOwnShutdown(t *testing.T) {
	_, w, _ := opened(t, time.Minute)
	srv := &http.Server{}
	served := serving(w, srv, plain)
	must(t, srv.Shutdown(t.Context()))
	if err := next(t, served, "the end of Serve"); err != http.ErrServerClosed {
		t.Fatalf("Serve = %v; want http.ErrServerClosed", err)
	}
}

func TestServeWithoutListeners(t *testing.T) {
	w, _ := connect(t, time.Minute)
	if err := next(t, serving(w, &http.Server{}, plain), "Serve"); err == nil || !strings.Contains(err.Error(), "Config.Address") {
		t.Fatalf("Serve = %v; want an error that says what to set", err)
	}
}
