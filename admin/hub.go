package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A hub follows the master once for all streams. It writes each event as bytes
// once, and keeps the newest of them; a stream takes from there at its own pace,
// and nobody waits for it. Who is further behind asks the master itself.
//
// It begins with the first stream.
type hub struct {
	server *Server

	starting sync.Mutex // held while the first stream starts it

	mu      sync.Mutex
	started bool
	frames  []frame // the newest, without a gap
	bytes   int     // of all frames
	last    uint64  // ID of the newest event that was seen
	ended   bool    // no more will come
	streams map[*listener]struct{}
	sample  frame // the newest; its ID counts samples
	wanted  chan struct{}
}

// A frame is one message as it is sent.
type frame struct {
	id   uint64
	data []byte
}

// A listener is how a stream is told that there is something.
type listener struct {
	samples bool
	wake    chan struct{} // holds one
}

// Bounds of what is kept of events as bytes.
const (
	keptFrames = 1024
	keptBytes  = 1 << 20
)

func newHub(s *Server) *hub {
	return &hub{server: s, streams: map[*listener]struct{}{}, wanted: make(chan struct{}, 1)}
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
	h.starting.Lock()
	defer h.starting.Unlock()
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

// follow takes events from the master until that ends or ctx does.
func (h *hub) follow(ctx context.Context, after uint64) {
	f := h.server.master.Follow(after)
	for {
		e, err := f.Next(ctx)
		switch {
		case err == nil:
			h.publish(e)
			continue
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrEnded):
			h.over()
			return
		case !errors.Is(err, ErrBehind):
			h.server.log.Warn("the admin server cannot follow the master", "error", err)
			if !wait(ctx, time.Second) {
				return
			}
		}
		if last, err := h.server.newest(ctx); err == nil {
			h.skip(last)
			f = h.server.master.Follow(last)
		}
	}
}

// wait returns false where ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func eventFrame(e Event) (frame, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return frame{}, err
	}
	return frame{e.ID, fmt.Appendf(nil, "id: %d\nevent: event\ndata: %s\n\n", e.ID, data)}, nil
}

func (h *hub) publish(e Event) {
	f, err := eventFrame(e)
	if err != nil {
		h.server.log.Error("an event cannot be written as JSON", "id", e.ID, "error", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.id != h.last+1 { // the master has left some out
		h.frames, h.bytes = nil, 0
	}
	h.last = f.id
	h.frames = append(h.frames, f)
	h.bytes += len(f.data)
	for len(h.frames) > keptFrames || h.bytes > keptBytes && len(h.frames) > 1 {
		h.bytes -= len(h.frames[0].data)
		h.frames[0] = frame{}
		h.frames = h.frames[1:]
	}
	h.wakeLocked(false)
}

// skip goes on at an ID, as what is in between could not be followed.
func (h *hub) skip(last uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frames, h.bytes, h.last = nil, 0, last
	h.wakeLocked(false)
}

func (h *hub) over() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = true
	h.wakeLocked(false)
}

// wakeLocked tells all streams, or those that want samples.
func (h *hub) wakeLocked(samples bool) {
	for l := range h.streams {
		if samples && !l.samples {
			continue
		}
		select {
		case l.wake <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// A news is what there is for a stream.
type news struct {
	frames []frame // that follow its position, or the first of them
	behind uint64  // the ID up to which it has to ask the master; 0: it has not
	ended  bool    // nothing will follow
}

// after returns what follows an ID, as far as there is room.
func (h *hub) after(pos uint64, room []frame) news {
	h.mu.Lock()
	defer h.mu.Unlock()
	first := h.last - uint64(len(h.frames)) + 1 // ID of the first frame that is kept
	switch {
	case pos >= h.last:
		return news{ended: h.ended}
	case pos+1 < first:
		return news{behind: first - 1}
	}
	return news{frames: room[:copy(room, h.frames[pos+1-first:])]}
}
