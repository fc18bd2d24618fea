package admin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
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
	fresh   map[net.Conn]struct{} // connections on which nothing has come yet
	running sync.WaitGroup        // requests and the hub; grows only before closed
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
		fresh:   map[net.Conn]struct{}{},
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
		Handler:                      s.handler(newDoor(a, l.Addr())),
		ReadHeaderTimeout:            s.limits.header,
		IdleTimeout:                  s.limits.idle,
		MaxHeaderBytes:               s.limits.headerBytes,
		Protocols:                    new(http.Protocols),
		BaseContext:                  func(net.Listener) context.Context { return s.life },
		ConnContext:                  withConn,
		ConnState:                    s.note,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" is for nobody either
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
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
