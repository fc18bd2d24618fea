package fetcher

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// An offer is the reader that the sources of this package return. It ties the
// bytes to what the source will remember of them, and lets it remember only
// what did not break:
//
//	offered -> read to its end -> taken: remembered
//	       \-> a Read failed   -> taken: nothing
//
// A reader that was read to its end, or to an error, has closed itself. Read and
// Taken are for one goroutine. Close may be called by another one: where a Read
// is under way, that Read closes when it returns, as the decoders below cannot
// be closed under it. Ending the context of the fetch is what ends it early, and
// stop does so where there is one.
type offer struct {
	body     io.ReadCloser
	about    release.Candidate
	remember func()
	stop     func() // where it is not nil: ends a Read that is under way

	read int64
	err  error // of the first Read that ended, io.EOF included
	once sync.Once

	mu      sync.Mutex
	reading bool // body.Read is under way
	closed  bool
}

var errEmpty = errors.New("the release is empty: not a single byte came")

func (o *offer) Read(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	if !o.beginRead() {
		return 0, os.ErrClosed
	}
	n, err := o.body.Read(p)
	o.read += int64(n)
	if err == io.EOF && o.read == 0 {
		err = errEmpty
	}
	o.err = err
	o.endRead(err != nil) // then there is nothing more to give
	return n, err
}

func (o *offer) beginRead() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reading = !o.closed
	return o.reading
}

// endRead closes the body where it has ended, or Close was called meanwhile.
func (o *offer) endRead(ended bool) {
	o.mu.Lock()
	o.reading = false
	o.closed = o.closed || ended
	last := o.closed
	o.mu.Unlock()
	if last {
		o.body.Close() // only read
	}
}

func (o *offer) Taken() {
	if o.err == nil || o.err == io.EOF {
		o.once.Do(o.remember)
	}
}

func (o *offer) Close() error {
	o.mu.Lock()
	later := o.closed || o.reading
	o.closed = true
	o.mu.Unlock()
	if later {
		if o.stop != nil {
			o.stop()
		}
		return nil
	}
	return o.body.Close()
}

func (o *offer) Candidate() release.Candidate {
	c := o.about
	c.Body = o
	return c
}

// Remarks are those of the body, where it has any.
func (o *offer) Remarks() []string {
	if r, ok := o.body.(Remarker); ok {
		return r.Remarks()
	}
	return nil
}
