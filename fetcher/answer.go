package fetcher

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// An answer is a response whose Read fails where the server stalls, or trickles.
// Once that happened, all its reads fail.
type answer struct {
	*http.Response
	source string // for messages

	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  time.Duration

	waited time.Duration // in Read, since the pace was judged
	came   int64         // bytes, in that time
}

func (a *answer) Read(p []byte) (int, error) {
	late := time.AfterFunc(a.stall, func() { a.cancel(errStalled(a.stall)) })
	began := time.Now()
	n, err := a.Body.Read(p)
	late.Stop()
	if err == nil && a.trickles(n, time.Since(began)) {
		err = errTrickles
		a.cancel(err)
	}
	if err != nil && err != io.EOF {
		err = a.cause(err)
	}
	return n, err
}

// leastPace is in bytes a second. A server that sends a byte now and then never
// stalls, and would hold up an upgrade for years.
const leastPace = 256

var errTrickles = fmt.Errorf("fewer than %d bytes a second came, the server or the network trickles: %w", leastPace, os.ErrDeadlineExceeded)

// trickles judges the pace of the time that was spent in Read, each two
// StallTimeouts.
func (a *answer) trickles(n int, took time.Duration) bool {
	a.waited += took
	a.came += int64(n)
	if a.waited < 2*a.stall {
		return false
	}
	slow := float64(a.came) < a.waited.Seconds()*leastPace
	a.waited, a.came = 0, 0
	return slow
}

func (a *answer) Close() error {
	defer a.cancel(nil) // after the body: a connection that was read to its end is kept
	return a.Body.Close()
}

// cause prefers the reason why the request was ended to what it looked like
// from inside.
func (a *answer) cause(err error) error {
	if a.ctx.Err() != nil {
		return context.Cause(a.ctx)
	}
	return err
}

func errStalled(after time.Duration) error {
	return fmt.Errorf("nothing came for %v, the server or the network stalls: %w", after, os.ErrDeadlineExceeded)
}

// wanted is what offer needs to know of a request besides its answer.
type wanted struct {
	url      string
	header   http.Header // without conditions, for resumes
	as       unpacking
	about    release.Candidate
	remember func()
}

// offer makes the reader of an answer that should be a release, and closes the
// answer where it is none.
func (w wire) offer(ctx context.Context, a *answer, want wanted) (io.Reader, error) {
	if a.StatusCode != http.StatusOK {
		defer a.Close()
		return nil, a.refusal()
	}
	d, err := w.begin(ctx, a, want.url, want.header)
	if err != nil {
		a.Close()
		return nil, err
	}
	body, err := want.as.unpack(d, d.coded)
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("fetch %q: %w", a.source, err)
	}
	about := want.about
	about.Source = a.source
	switch {
	case body.packed:
		about.Size, about.Digest = 0, release.Digest{}
	case d.total > 0:
		about.Size = d.total
	case unframed(a):
		d.Close()
		return nil, fmt.Errorf("fetch %q: the server does not say where its answer ends, so a cut one could not be told from a whole one; let it send Content-Length", a.source)
	}
	return &offer{body: body, about: about, remember: want.remember}, nil
}

// unframed reports whether the body ends only with its connection.
func unframed(a *answer) bool {
	return a.ProtoMajor < 2 && a.ContentLength < 0 && !slices.Contains(a.TransferEncoding, "chunked")
}
