package s3

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/seed-3d078585/overseer/fetcher"
)

// A Place is the files of a bucket whose names begin with a prefix. It is made
// by [New], and is safe for concurrent use.
type Place struct {
	core  *minio.Core
	creds *credentials.Credentials
	turn  chan struct{} // held by who asks for credentials

	bucket, prefix string
	stall          time.Duration
}

// String names the bucket and the prefix.
func (p *Place) String() string { return p.url("") }

func (p *Place) url(name string) string { return "s3://" + p.bucket + "/" + p.key(name) }

func (p *Place) key(name string) string { return path.Join(p.prefix, name) }

// Open opens a file. Its version is the ETag.
//
// Errors that can be matched: [fs.ErrNotExist], [fetcher.ErrNotModified],
// [fetcher.ErrChanged], *[fetcher.StatusError], *[fetcher.RetryAfterError].
//
// Who may not list a bucket is answered AccessDenied for a file that is not
// there, so this code, and no other refusal, matches [fs.ErrNotExist] as well
// as *fetcher.StatusError. Credentials that are wrong or expired, and a bucket
// that does not exist, are never taken for a missing file.
func (p *Place) Open(ctx context.Context, want fetcher.Want) (*fetcher.Found, error) {
	if !fs.ValidPath(want.Name) || want.Name == "." {
		return nil, fmt.Errorf("open %q in %v: %w", want.Name, p, fs.ErrInvalid)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(answerTimeout, func() { cancel(errStalled(answerTimeout)) })
	raw, header, err := p.get(ctx, want.Name, conditions(want))
	late.Stop()
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("open %q: %w", p.url(want.Name), p.failure(want.Name, err))
	}
	found, err := answered(want, header)
	if err != nil {
		raw.Close()
		cancel(nil)
		return nil, fmt.Errorf("open %q: %w", p.url(want.Name), err)
	}
	found.Body = &body{ReadCloser: raw, ctx: ctx, cancel: cancel, stall: p.stall}
	return found, nil
}

// conditions are the header fields of a question.
func conditions(want fetcher.Want) http.Header {
	h := http.Header{}
	if want.Unless != "" {
		h.Set("If-None-Match", want.Unless)
	}
	if want.Version != "" {
		h.Set("If-Match", want.Version)
	}
	if want.Offset > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", want.Offset))
	}
	return h
}

// answered reads what an answer says of itself. It knows services that ignore
// a condition or a range.
func answered(want fetcher.Want, header http.Header) (*fetcher.Found, error) {
	f := &fetcher.Found{Size: -1, Version: header.Get("ETag")}
	switch {
	case want.Unless != "" && f.Version == want.Unless:
		return nil, fetcher.ErrNotModified
	case want.Version != "" && f.Version != want.Version:
		return nil, fmt.Errorf("its ETag was %s and is %s: %w", want.Version, f.Version, fetcher.ErrChanged)
	}
	stated := header.Get("Content-Range")
	if stated == "" {
		if size, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
			f.Size = size
		}
		return f, nil
	}
	var end int64
	if n, err := fmt.Sscanf(stated, "bytes %d-%d/%d", &f.Offset, &end, &f.Size); n != 3 || err != nil || f.Offset != want.Offset || end != f.Size-1 {
		return nil, fmt.Errorf("asked for the bytes from %d on, the service sent %.80q", want.Offset, stated)
	}
	return f, nil
}

// get asks for an object, with the header fields given. An error of the service
// comes as it said it, with a note.
func (p *Place) get(ctx context.Context, name string, header http.Header) (io.ReadCloser, http.Header, error) {
	if err := p.sign(ctx); err != nil {
		return nil, nil, err
	}
	var opts minio.GetObjectOptions
	for field := range header {
		opts.Set(field, header.Get(field))
	}
	noted, seen := withNote(ctx)
	raw, _, answer, err := p.core.GetObject(noted, p.bucket, p.key(name), opts)
	if err != nil {
		return nil, nil, refused(ctx, err, seen)
	}
	return raw, answer, nil
}

// sign makes sure that there are credentials that have not expired: one asks
// for them, the others wait for their turn or the end of their context. The
// client below would ask without the context.
func (p *Place) sign(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if _, err := p.creds.GetWithContext(&credentials.CredContext{Context: ctx, Client: http.DefaultClient}); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	return nil
}
