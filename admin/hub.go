package admin

import (
	"context"
	"errors"
	"sync"
)

// A hub follows the master once for all streams. It writes each event as bytes
// once, and keeps the newest of them; a stream takes from there at its own pace,
// and nobody waits for it. Who is further behind asks the master itself.
//
// It begins with the first stream.
type hub struct {
	server *Server

	starting chan struct{} // holds one, of whoever starts it
	started  bool          // of that one

	mu      sync.Mutex
	frames  []frame // the newest, without a gap
	bytes   int     // of all frames
	last    uint64  // ID of the newest event that was seen
	ended   bool    // no more will come
	streams map[*listener]struct{}
	sample  frame // the newest; its ID counts samples
	wanted  chan struct{}
}

// A listener is how a stream is told that there is something.
type listener struct {
	samples bool
	seen    uint64        // count of the samples that were there before it
	wake    chan struct{} // holds one
}

func newHub(s *Server) *hub {
	return &hub{
		server:   s,
		starting: make(chan struct{}, 1),
		streams:  map[*listener]struct{}{},
		wanted:   make(chan struct{}, 1),
	}
}

var errFull = errors.New("there are too many streams: end one, or ask for /v1/events now and then")

// join adds a stream, which has to leave.
func (h *hub) join(ctx context.Context, samples bool) (*listener, error) {
	if err := h.start(ctx); err != nil {
		return nil, err
	}
	l := &listener{samples: samples, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.streams) >= h.server.limits.streams {
		return nil, errFull
	}
	h.streams[l] = struct{}{}
	l.seen = h.sample.id // that one may be old
	if samples {
		select {
		case h.wanted <- struct{}{}:
		default:
		}
	}
	return l, nil
}

func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, l)
}

// start has the master followed and sampled, from now on.
func (h *hub) start(ctx context.Context) error {
	select {
	case h.starting <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-h.starting }()
	if h.started {
		return nil
	}
	last, err := h.server.newest(ctx)
	if err != nil {
		return err
	}
	if !h.server.enter() {
		return ErrEnded
	}
	h.started = true
	h.mu.Lock()
	h.last = last
	h.mu.Unlock()
	go func() {
		defer h.server.running.Done()
		var both sync.WaitGroup
		both.Go(func() { h.follow(h.server.life, last) })
		both.Go(func() { h.sampler(h.server.life) })
		both.Wait()
	}()
	return nil
}
