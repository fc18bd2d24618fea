package admin

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

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

// note keeps the connections on which nothing has come yet. Shutdown would wait
// for them, and browsers open some in advance.
func (s *Server) note(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(s.fresh, c)
	case s.closed:
		hangUp(c)
	default:
		s.fresh[c] = struct{}{}
	}
}

// hangUp closes a connection without a word: one of TLS would first say something
// to a client that may not read.
func hangUp(c net.Conn) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn()
	}
	c.Close()
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
	for c := range s.fresh {
		hangUp(c)
	}
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
