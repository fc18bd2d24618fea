//go:build unix

package worker

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Serve runs an HTTP server on all stream sockets, each by serve, and ends it
// politely when the generation drains:
//
//   - Accepting ends first; a connection that was accepted is always handed to
//     the server. (http.Server.Shutdown may drop a request that arrives on a
//     fresh connection as it begins: golang/go#75591.)
//   - Each answer from then on carries "Connection: close", by which HTTP/2
//     connections get a GOAWAY too. Idle ones are not touched: their client
//     may be writing a request at this moment.
//   - When no connection is left, or shortly before they would be closed by
//     force, the server is shut down.
//
// It returns nil after a drain, and the server's error otherwise.
func (w *Worker) Serve(srv *http.Server, serve func(*http.Server, net.Listener) error) error {
	if len(w.Listeners) == 0 {
		return errors.New("serve: the program has no listeners: set Config.Address")
	}
	handler := srv.Handler
	if handler == nil {
		handler = http.DefaultServeMux
	}
	srv.Handler = politeHandler{next: handler, draining: w.Context}

	results := make(chan error, len(w.Listeners))
	for _, l := range w.Listeners {
		go func() { results <- serve(srv, promptListener{l.(*Listener)}) }()
	}
	var failed error
	for range w.Listeners {
		err := <-results
		if failed == nil && !w.Draining() {
			failed = err
			if !errors.Is(err, http.ErrServerClosed) { // else the program shuts it down, and may be waiting
				srv.Close() // ends the other listeners, as one server's Serve would end
			}
		}
	}
	if !w.Draining() {
		return failed
	}
	w.awaitConnections()
	ctx, cancel := context.WithDeadline(context.Background(), w.schedule.forced)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func (w *Worker) awaitConnections() {
	timer := time.NewTimer(time.Until(w.schedule.polite))
	defer timer.Stop()
	select {
	case <-w.tally.none():
	case <-timer.C:
	}
}

// politeHandler asks clients to go elsewhere once the generation drains.
type politeHandler struct {
	next     http.Handler
	draining context.Context
}

func (h politeHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.draining.Err() != nil {
		w.Header().Set("Connection", "close")
	}
	h.next.ServeHTTP(w, r)
}
