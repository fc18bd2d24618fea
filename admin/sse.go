package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A sender writes Server-Sent Events to one client, and gives up on one that does
// not read. Source: the HTML standard, section 9.2.
type sender struct {
	w     http.ResponseWriter
	rc    *http.ResponseController
	bound time.Duration // for each write
}

// begin tells the client that the stream is there.
func (o *sender) begin() error {
	h := o.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy would hold events back
	o.w.WriteHeader(http.StatusOK)
	return o.write([]byte("retry: 1000\n\n"), true)
}

func (o *sender) write(data []byte, flush bool) error {
	if err := o.rc.SetWriteDeadline(time.Now().Add(o.bound)); err != nil {
		return err
	}
	if _, err := o.w.Write(data); err != nil {
		return err
	}
	if flush {
		return o.rc.Flush()
	}
	return nil
}

// A reader is one stream: where it is, and where it is sent.
type reader struct {
	server *Server
	out    *sender
	pos    uint64 // ID of the event that was sent last
	sample uint64 // count of the sample that was sent last
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

// recall sends what the master still has up to an ID.
func (rd *reader) recall(ctx context.Context, upTo uint64) error {
	f := rd.server.master.Follow(rd.pos)
	for rd.pos < upTo {
		bounded, cancel := context.WithTimeout(ctx, rd.server.limits.master)
		e, err := f.Next(bounded)
		cancel()
		if errors.Is(err, ErrBehind) {
			if err := rd.lose(rd.firstKept()); err != nil {
				return err
			}
			f = rd.server.master.Follow(rd.pos)
			continue
		}
		if err != nil {
			return err
		}
		fr, err := eventFrame(e)
		if err != nil {
			return err
		}
		if err := rd.out.write(fr.data, false); err != nil {
			return err
		}
		rd.pos = fr.id
		select {
		case <-rd.server.ending:
			return ErrEnded
		default:
		}
	}
	return rd.out.rc.Flush()
}

// firstKept returns the ID of the first event that is kept of those after the
// position. It is more than one further: what is in between is lost.
func (rd *reader) firstKept() uint64 {
	first := rd.server.hub.position() + 1
	if events, _ := rd.server.master.Events(rd.pos, 1<<30); len(events) > 0 {
		first = events[0].ID
	}
	return max(first, rd.pos+2)
}

// lose tells the client that what comes before an ID is lost.
func (rd *reader) lose(first uint64) error {
	rd.pos = first - 1
	return rd.out.write(fmt.Appendf(nil, "id: %d\nevent: lost\ndata: {\"first\":%d}\n\n", rd.pos, first), true)
}

// rewind handles a client that has seen more than there is: the master counts
// anew, as it has lost its state.
func (rd *reader) rewind(ctx context.Context) error {
	if rd.pos <= rd.server.hub.position() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, rd.server.limits.master)
	defer cancel()
	newest, err := rd.server.newest(ctx)
	if err != nil || rd.pos <= newest {
		return err
	}
	first := newest + 1
	if events, _ := rd.server.master.Events(0, 1<<30); len(events) > 0 {
		first = events[0].ID
	}
	return rd.lose(first)
}
