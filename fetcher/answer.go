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

// An answer is a response whose Read fails where the server stalls. Once that
// happened, all its reads fail.
type answer struct {
	*http.Response
	source string // for messages

	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  time.Duration
}

func (a *answer) Read(p []byte) (int, error) {
	late := time.AfterFunc(a.stall, func() { a.cancel(errStalled(a.stall)) })
	n, err := a.Body.Read(p)
	late.Stop()
	if err != nil && err != io.EOF {
		err = a.cause(err)
	}
	return n, err
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
	suffix   *packing
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
	body, err := unpack(d, d.coded, want.suffix, w.max)
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
