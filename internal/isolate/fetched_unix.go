//go:build unix

package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/release"
)

// unwindGrace is how long a body gets to return from Read once its context has
// ended. Not every body may be closed while it is read.
const unwindGrace = 250 * time.Millisecond

// ask calls the source. A typed nil means "nothing new" too.
func ask(ctx context.Context, source fetcher.Interface) (body io.Reader, err error) {
	if f, ok := source.(fetcher.ContextFetcher); ok {
		body, err = f.FetchContext(ctx)
	} else {
		body, err = source.Fetch()
	}
	if v := reflect.ValueOf(body); v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, err
	}
	return body, err
}

// fetched is what the last fetch has returned.
type fetched struct {
	mu     sync.Mutex
	id     int // 0: nothing
	body   io.Reader
	cancel context.CancelFunc // ends the context of the fetch
	close  func()             // closes the body, once
	read   bool               // it is being read
	vain   bool               // nobody wants it any more: it is not to be read
	closed bool
}

func (f *fetched) begin(id int, body io.Reader, cancel context.CancelFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.id, f.body, f.cancel, f.vain, f.closed = id, body, cancel, false, false
	f.close = sync.OnceFunc(func() {
		release.Candidate{Body: body}.Close() // read, or not wanted: nothing is to be told of it
	})
}

// bring writes the bytes to a pipe.
func (f *fetched) bring(id int, pipe *os.File) handover.Brought {
	b := handover.Brought{ID: id}
	if pipe == nil {
		b.Failure = failure(errors.New("no descriptor came to write the bytes to"))
		return b
	}
	body, err := f.beginRead(id)
	if err == nil {
		_, err = io.Copy(pipe, body)
		f.endRead()
	}
	err = errors.Join(err, pipe.Close())
	b.Failure = failure(err)
	if r, ok := body.(fetcher.Remarker); ok {
		for _, text := range r.Remarks() {
			b.Remarks = append(b.Remarks, clip(text))
		}
		b.Remarks = b.Remarks[:min(len(b.Remarks), maxRemarks)]
	}
	return b
}

func (f *fetched) beginRead(id int) (io.Reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.id != id || f.vain || f.closed {
		return nil, fmt.Errorf("the bytes of fetch %d: %w", id, os.ErrClosed)
	}
	f.read = true
	return f.body, nil
}

func (f *fetched) endRead() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read = false
}

// interrupt ends a Read that is under way, or was ordered and has not begun. It
// may be called by any goroutine, and calls no code of the source's that could
// hold it up.
func (f *fetched) interrupt(id int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.id != id {
		return
	}
	f.vain = true
	if f.read {
		f.cancel()
		time.AfterFunc(unwindGrace, f.close)
	}
}

// drop closes the body of a fetch, or of whatever there is (0).
func (f *fetched) drop(id int) {
	f.mu.Lock()
	drop := f.id != 0 && !f.closed && (id == 0 || f.id == id)
	f.closed = f.closed || drop
	f.mu.Unlock()
	if drop {
		f.cancel()
		f.close()
	}
}

// taken passes on that the bytes are safe.
func (f *fetched) taken(id int) {
	f.mu.Lock()
	body := f.body
	if f.id != id {
		body = nil
	}
	f.mu.Unlock()
	if r, ok := body.(fetcher.Receipt); ok {
		r.Taken()
	}
}
