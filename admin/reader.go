package admin

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// A reader is one stream: where it is, and where it is sent.
type reader struct {
	server *Server
	out    *sender
	pos    uint64 // ID of the event that was sent last
	sample uint64 // count of the sample that it had last
	room   [64]frame
}

// stream answers with events as they come, until somebody goes away.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, a asked) {
	rd, err := s.startReader(w, r, a)
	if err != nil {
		s.failed(w, r, err)
		return
	}
	if r.Method == http.MethodHead {
		w.Header().Set("Content-Type", "text/event-stream")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.master)
	l, err := s.hub.join(ctx, a.samples)
	cancel()
	switch {
	case errors.Is(err, errFull):
		s.fail(w, r, http.StatusServiceUnavailable, err.Error())
		return
	case err != nil:
		s.failed(w, r, err)
		return
	}
	defer s.hub.leave(l)
	rd.sample = l.seen
	if rd.out.begin() == nil && rd.run(r.Context(), l) == nil {
		rd.out.rc.SetWriteDeadline(time.Now().Add(rd.out.bound)) // for the end of the body
	}
}

// startReader finds out where a stream begins: behind the newest event, where
// the client does not say.
func (s *Server) startReader(w http.ResponseWriter, r *http.Request, a asked) (*reader, error) {
	rd := &reader{server: s, pos: a.after, out: &sender{w, http.NewResponseController(w), s.limits.write}}
	if a.since {
		return rd, nil
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.limits.master)
	defer cancel()
	var err error
	rd.pos, err = s.newest(ctx)
	return rd, err
}

// run sends until the client, the master or the server goes away. An error is
// that of a client that is gone or does not read.
func (rd *reader) run(ctx context.Context, l *listener) error {
	if err := rd.rewind(ctx); err != nil {
		return err
	}
	beat := time.NewTicker(rd.server.limits.heartbeat)
	defer beat.Stop()
	for {
		ended, err := rd.catchUp(ctx, l)
		if err != nil || ended {
			return err
		}
		select {
		case <-l.wake:
		case <-beat.C:
			if err := rd.out.write([]byte(": here\n\n"), true); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-rd.server.ending:
			return nil
		}
	}
}

// ending says whether the server is being closed.
func (rd *reader) ending() bool {
	select {
	case <-rd.server.ending:
		return true
	default:
		return false
	}
}

// catchUp sends all there is.
func (rd *reader) catchUp(ctx context.Context, l *listener) (ended bool, err error) {
	for {
		n := rd.server.hub.after(rd.pos, rd.room[:])
		if n.behind != 0 {
			if err := rd.recall(ctx, n.behind); err != nil {
				return false, err
			}
			continue
		}
		for i, f := range n.frames {
			if err := rd.out.write(f.data, i == len(n.frames)-1); err != nil {
				return false, err
			}
			rd.pos = f.id
		}
		clear(n.frames) // a client that does not read keeps nothing alive
		if rd.ending() {
			return true, nil
		}
		if len(n.frames) > 0 {
			continue
		}
		if n.ended {
			return true, nil
		}
		if l.samples {
			if f, ok := rd.server.hub.newestSample(rd.sample); ok {
				rd.sample = f.id
				return false, rd.out.write(f.data, true)
			}
		}
		return false, nil
	}
}
