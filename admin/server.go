package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// A Server is the HTTP API and the page of one master. Made by [NewServer]; all
// methods are safe for concurrent use.
type Server struct {
	master  Master
	log     *slog.Logger
	limits  limits
	mux     *http.ServeMux
	hub     *hub
	answers *answers

	life   context.Context // what the server does of its own accord lives in it
	end    context.CancelFunc
	ending chan struct{} // closed by Close: streams end

	mu      sync.Mutex
	closed  bool
	servers []*http.Server
	running sync.WaitGroup // requests and the hub; grows only before closed
}

// Options are what may be set of a [Server].
type Options struct {
	Log *slog.Logger // what goes wrong; nil: nothing is said
}

// NewServer returns a server of m. Nothing is started before [Server.Serve].
func NewServer(m Master, o Options) *Server {
	s := &Server{
		master:  m,
		log:     o.Log,
		limits:  standardLimits,
		answers: newAnswers(256),
		ending:  make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.hub = newHub(s)
	s.mux = s.routes()
	return s
}

// Serve answers on a listener until [Server.Close], and then returns nil. It may
// be called for several listeners. It refuses an Access that would be open to
// all. The listener is closed in any case.
func (s *Server) Serve(l net.Listener, a Access) error {
	if err := a.check(l.Addr()); err != nil {
		l.Close()
		return err
	}
	hs := &http.Server{
		Handler:           s.handler(newDoor(a, l.Addr())),
		ReadHeaderTimeout: s.limits.header,
		IdleTimeout:       s.limits.idle,
		MaxHeaderBytes:    s.limits.headerBytes,
		Protocols:         new(http.Protocols),
		BaseContext:       func(net.Listener) context.Context { return s.life },
		ConnContext:       withConn,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	hs.Protocols.SetHTTP1(true) // one connection is one request at a time: limits of connections are limits of work
	if !s.add(hs) {
		l.Close()
		return nil
	}
	if err := hs.Serve(newGuard(l, a, s.limits)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// add takes an http.Server into those that Close ends.
func (s *Server) add(hs *http.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.servers = append(s.servers, hs)
	}
	return !s.closed
}

// enter says that something runs that Close has to wait for; the one that runs
// calls s.running.Done. It returns false where the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}

// Close stops listening, ends all streams, and waits for requests that are being
// answered. What is not done after the timeout is cut off. It returns when
// nothing runs any more, or a second after the timeout where the Master does not
// heed its contexts.
func (s *Server) Close(timeout time.Duration) {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	servers := s.servers
	s.mu.Unlock()
	if first {
		close(s.ending)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var each sync.WaitGroup
	for _, hs := range servers {
		each.Go(func() {
			if hs.Shutdown(ctx) != nil {
				hs.Close()
			}
		})
	}
	each.Wait()
	s.end()
	s.await(time.Second)
}

// await waits for all that runs, for so long.
func (s *Server) await(bound time.Duration) {
	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	timer := time.NewTimer(bound)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		s.log.Warn("the admin server is closed, and the master still answers a request")
	}
}
