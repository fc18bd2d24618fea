package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// A Message is one of a [Stream]: exactly one of its members is set.
type Message struct {
	Event  *Event
	Sample *Sample

	// Reconnected: the connection was lost and is there again, as with a master
	// that was replaced. Events go on where they stopped.
	Reconnected bool

	// Lost: the events up to this one are not kept any more, and the next has
	// this ID. It is lower than the last one where the master has lost its state.
	Lost uint64
}

// A Stream is told what happens, as it happens. Made by [Client.Follow].
type Stream struct {
	client  *Client
	samples bool
	life    context.Context // ends with Close, and with the one given to Follow
	end     context.CancelCauseFunc

	// Of the goroutine that calls Next.
	last uint64 // ID of the newest event
	conn *eventConn
	err  error // the final one
}

// Bounds of how a connection is sought, and how long one may be silent: the server
// gives a sign of life each 15 seconds.
const (
	seekPause   = 50 * time.Millisecond
	seekPauses  = 2 * time.Second // the longest one
	connectFor  = 10 * time.Second
	silentAfter = 45 * time.Second
)

// Follow returns the events that come after the given ID, and samples, one each
// second, where they are wanted. It lasts until Close is called or ctx ends. The
// first connection has to succeed; a later one is sought for 30 seconds.
func (c *Client) Follow(ctx context.Context, after uint64, samples bool) (*Stream, error) {
	life, end := context.WithCancelCause(ctx)
	s := &Stream{client: c, samples: samples, life: life, end: end, last: after}
	if err := s.connect(); err != nil {
		end(err)
		return nil, err
	}
	return s, nil
}

// Close ends the stream, and a call of Next. It is safe for concurrent use.
func (s *Stream) Close() { s.end(net.ErrClosed) }

// Next waits for the next message. It is for one goroutine at a time. An error is
// final: that of ctx, [net.ErrClosed] after Close, or why the master cannot be
// reached again.
func (s *Stream) Next() (Message, error) {
	if s.err != nil {
		return Message{}, s.err
	}
	m, err := s.next()
	if err != nil {
		if s.life.Err() != nil {
			err = context.Cause(s.life)
		}
		s.err = err
		s.disconnect()
		s.end(err)
	}
	return m, err
}

func (s *Stream) next() (Message, error) {
	for {
		if s.conn == nil {
			return Message{Reconnected: true}, s.reconnect()
		}
		got, err := s.conn.next()
		switch {
		case errors.Is(err, errGarbled):
			return Message{}, err
		case err != nil:
			s.disconnect()
			if s.life.Err() != nil {
				return Message{}, err
			}
			continue
		}
		if m, ok, err := s.read(got); ok || err != nil {
			return m, err
		}
	}
}

// read makes a message of what was sent. Kinds that are not known are left out:
// a newer server may have them.
func (s *Stream) read(got received) (m Message, ok bool, err error) {
	switch got.kind {
	case "event":
		m.Event = new(Event)
		if err = json.Unmarshal(got.data, m.Event); err == nil {
			s.last = m.Event.ID
		}
	case "sample":
		m.Sample = new(Sample)
		err = json.Unmarshal(got.data, m.Sample)
	case "lost":
		var lost lostEvents
		if err = json.Unmarshal(got.data, &lost); err == nil && lost.First > 0 {
			m.Lost, s.last = lost.First, lost.First-1
		}
	default:
		return Message{}, false, nil
	}
	if err != nil {
		return Message{}, false, fmt.Errorf("%w: %s: %w", errGarbled, got.kind, err)
	}
	return m, true, nil
}

// lostEvents is what is sent where events are missing.
type lostEvents struct {
	First uint64 `json:"first"` // ID of the next one
}

func (s *Stream) connect() error {
	conn, err := s.client.open(s.life, s.last, s.samples)
	if err == nil {
		s.conn = conn
	}
	return err
}

func (s *Stream) disconnect() {
	if s.conn != nil {
		s.conn.close()
		s.conn = nil
	}
}

// reconnect seeks the master with growing pauses, until it says that this client
// may not come in, or the time is over.
func (s *Stream) reconnect() error {
	until := time.Now().Add(s.client.seekFor)
	for pause := seekPause; ; pause = min(2*pause, seekPauses) {
		if !wait(s.life, pause) {
			return s.life.Err()
		}
		err := s.connect()
		var status *StatusError
		switch {
		case err == nil:
			return nil
		case s.life.Err() != nil, errors.Is(err, ErrNotFound), errors.As(err, &status) && status.Code < 500:
			return err
		case time.Now().After(until):
			return fmt.Errorf("the master could not be reached again for %v: %w", s.client.seekFor, err)
		}
	}
}
