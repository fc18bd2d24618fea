package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

const (
	// unwindGrace is how long a body gets to return from Read and Close after
	// it is no longer wanted. One that takes longer is left behind: its
	// goroutine ends as soon as the body lets go.
	unwindGrace = 250 * time.Millisecond

	// maxUnwinding bounds how many bodies may be left behind at one time.
	maxUnwinding = 8

	// chunkSize is what is read, hashed and written at a time. Each piece costs an
	// open of the file, and three are in memory, which an idle master goes on
	// holding: at 512 KiB it held 1 MiB more, and staged no faster.
	chunkSize = 128 << 10
)

// An intake reads a candidate's body in a goroutine of its own, so that a Read
// that never returns, or panics, holds up nobody.
type intake struct {
	store *Store
	body  release.Candidate
	empty chan []byte // buffers to fill
	full  chan chunk
	stop  chan struct{}
	ended chan struct{} // the reader is gone
}

type chunk struct {
	data []byte
	err  error
}

// newIntake owns the body from here on. The caller ends the intake.
func (s *Store) newIntake(c release.Candidate) (*intake, error) {
	if s.unwinding.Load() >= maxUnwinding {
		return nil, fmt.Errorf("%w: %d bodies do not return from Read or Close; give the source a timeout", ErrStuck, maxUnwinding)
	}
	in := &intake{
		store: s,
		body:  c,
		empty: make(chan []byte, 2),
		full:  make(chan chunk),
		stop:  make(chan struct{}),
		ended: make(chan struct{}),
	}
	go in.read()
	return in, nil
}

// read fills buffers until the body ends or the intake does.
func (in *intake) read() {
	defer close(in.ended)
	for {
		var buf []byte
		select {
		case buf = <-in.empty:
		case <-in.stop:
			return
		}
		n, err := in.fill(buf)
		select {
		case in.full <- chunk{buf[:n], err}:
		case <-in.stop:
			return
		}
		if err != nil {
			return
		}
	}
}

// fill is one Read of a body that may be anybody's code.
func (in *intake) fill(buf []byte) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = 0, fmt.Errorf("the body's Read panicked: %v", p)
		}
	}()
	for range 100 {
		n, err = in.body.Body.Read(buf)
		if n < 0 || n > len(buf) {
			return 0, fmt.Errorf("the body's Read returned %d for a buffer of %d", n, len(buf))
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// copyTo hands the whole body to sink, piece by piece, and returns its length.
// More than limit bytes are an error, and so is the end of ctx.
func (in *intake) copyTo(ctx context.Context, limit int64, sink func([]byte) error) (int64, error) {
	in.empty <- make([]byte, chunkSize)
	in.empty <- make([]byte, chunkSize)
	var total int64
	for {
		var c chunk
		select {
		case c = <-in.full:
		case <-in.ended: // without a last chunk
			return total, errors.New("the body's Read ended its goroutine")
		case <-ctx.Done():
			return total, ctx.Err()
		}
		total += int64(len(c.data))
		if total > limit {
			return total, errPastLimit
		}
		if err := sink(c.data); err != nil {
			return total, err
		}
		if c.err == io.EOF { // as it is: a wrapped one is a failure
			return total, nil
		}
		if c.err != nil {
			return total, fmt.Errorf("read the body after %d bytes: %w", total, c.err)
		}
		in.empty <- c.data[:cap(c.data)]
	}
}

var errPastLimit = errors.New("longer than the limit")

// end stops the reading, closes the body and waits for both, within twice
// unwindGrace. Not every body may be closed while it is read, so only a Read
// that does not return by itself has that happen to it.
func (in *intake) end() {
	close(in.stop)
	in.store.unwinding.Add(1)
	unwound := make(chan struct{})
	go func() {
		defer close(unwound)
		defer in.store.unwinding.Add(-1)
		reading := time.NewTimer(unwindGrace)
		defer reading.Stop()
		select {
		case <-in.ended:
		case <-reading.C:
		}
		in.close() // wakes a Read that waits
		<-in.ended
	}()
	grace := time.NewTimer(2 * unwindGrace)
	defer grace.Stop()
	select {
	case <-unwound:
	case <-grace.C:
	}
}

// close tells nothing about the bytes: they ended with io.EOF, or not at all.
func (in *intake) close() {
	defer func() { _ = recover() }() // anybody's code, and no longer of interest
	_ = in.body.Close()
}
