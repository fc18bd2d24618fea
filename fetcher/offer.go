package fetcher

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"

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
// Taken are for one goroutine. Close may be called by another one to end a
// blocked Read; ending the context of the fetch does that too.
type offer struct {
	body     io.ReadCloser
	about    release.Candidate
	remember func()

	read   int64
	err    error // of the first Read that ended, io.EOF included
	once   sync.Once
	closed atomic.Bool
}

var errEmpty = errors.New("the release is empty: not a single byte came")

func (o *offer) Read(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	if o.closed.Load() {
		return 0, os.ErrClosed
	}
	n, err := o.body.Read(p)
	o.read += int64(n)
	if err == io.EOF && o.read == 0 {
		err = errEmpty
	}
	if o.err = err; err != nil {
		o.Close() // there is nothing more to give
	}
	return n, err
}

func (o *offer) Taken() {
	if o.err == nil || o.err == io.EOF {
		o.once.Do(o.remember)
	}
}

func (o *offer) Close() error {
	if o.closed.Swap(true) {
		return nil
	}
	return o.body.Close()
}

func (o *offer) Candidate() release.Candidate {
	c := o.about
	c.Body = o
	return c
}
