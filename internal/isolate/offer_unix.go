//go:build unix

package isolate

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/release"
)

// An offer is what a fetch process vouches for, and the way to its bytes. It is
// a reader with the second interfaces of one of package fetcher.
//
// Read and Taken are for one goroutine; Close may be called by another one, and
// ends a Read.
type offer struct {
	source  *Source
	session *session
	id      int
	about   release.Candidate // what is vouched for
	version string
	refused error // by the policy there; nil: it is vouched for

	ctx  context.Context // of the fetch, until Close
	stop context.CancelFunc
	err  error // of the first Read that ended

	mu      sync.Mutex
	pipe    *os.File // nil: not asked for yet
	closed  bool
	remarks []string
}

func newOffer(ctx context.Context, source *Source, s *session, id int, about release.Candidate) *offer {
	o := &offer{source: source, session: s, id: id, about: about}
	o.ctx, o.stop = context.WithCancel(ctx)
	return o
}

// Candidate makes known what is vouched for: see [fetcher.Describe].
func (o *offer) Candidate() release.Candidate {
	c := o.about
	c.Body = o
	return c
}

// Read asks for the bytes at its first call. io.EOF comes once the process has
// said that these were all.
func (o *offer) Read(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	pipe, err := o.open()
	if err != nil {
		o.err = err
		return 0, err
	}
	n, err := pipe.Read(p)
	if err == io.EOF {
		err = o.brought()
	}
	o.err = err
	return n, err
}

// open makes the pipe and gives its other end away.
func (o *offer) open() (*os.File, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, os.ErrClosed
	}
	if o.pipe != nil {
		return o.pipe, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe to the fetch process: %w", err)
	}
	defer w.Close()
	o.pipe = r
	context.AfterFunc(o.ctx, func() { r.Close() }) // ends a Read
	err = withDescriptor(w, func(fd int) error { return o.session.conn.Send(handover.Bring{ID: o.id}, fd) })
	if err != nil {
		return nil, fmt.Errorf("ask for the bytes: %w", err)
	}
	return r, nil
}

// brought waits for what the process says of the bytes: io.EOF where they are
// whole.
func (o *offer) brought() error {
	for {
		m, err := o.session.answer(o.ctx)
		if err != nil && o.ctx.Err() == nil {
			return o.source.told(o.session, err) // the process has ended
		}
		if err != nil {
			return err
		}
		b, ok := m.(handover.Brought)
		if !ok || b.ID != o.id {
			continue // of a fetch that was given up
		}
		o.mu.Lock()
		for _, text := range b.Remarks[:min(len(b.Remarks), maxRemarks)] {
			o.remarks = append(o.remarks, clip(text))
		}
		o.mu.Unlock()
		if b.Failure != nil {
			return failed(b.Failure)
		}
		return io.EOF
	}
}

// Remarks are those of the source, once the bytes have come.
func (o *offer) Remarks() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.remarks...)
}

// Taken passes on that the bytes are safe. A process that has died meanwhile is
// told of by the next fetch.
func (o *offer) Taken() { o.session.conn.Send(handover.Receipt{ID: o.id}) }

// Close lets the process drop the bytes.
func (o *offer) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	o.closed = true
	o.stop()
	o.session.conn.Send(handover.Drop{ID: o.id}) // in vain: as for Taken
	return nil
}
