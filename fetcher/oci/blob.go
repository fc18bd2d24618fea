package oci

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/seed-3d078585/overseer/fetcher"
)

// blob opens the bytes of a file from an offset on, or from the beginning where
// the registry knows no ranges (they are optional in
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md).
func (p *Place) blob(ctx context.Context, cancel context.CancelCauseFunc, file ocispec.Descriptor, offset int64) (*body, int64, error) {
	b := &body{ctx: ctx, cancel: cancel, stall: p.stall, size: file.Size, at: offset}
	if offset == file.Size && offset > 0 {
		b.raw = http.NoBody
		return b, offset, nil
	}
	noted, seen := withNote(ctx)
	res, err := p.ask(noted, file, offset)
	if err != nil {
		return nil, 0, p.failure(ctx, err, seen)
	}
	if err := begins(res, file, &b.at); err != nil {
		defer res.Body.Close()
		return nil, 0, p.refusal(res, seen, err)
	}
	b.raw = res.Body
	if b.at == 0 {
		b.proof = file.Digest.Verifier()
	}
	return b, b.at, nil
}

func (p *Place) ask(ctx context.Context, file ocispec.Descriptor, offset int64) (*http.Response, error) {
	ref := p.repo.Reference
	scheme := "https"
	if p.repo.PlainHTTP {
		scheme = "http"
	}
	ctx = auth.AppendRepositoryScope(ctx, ref, auth.ActionPull)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet,
		scheme+"://"+ref.Host()+"/v2/"+ref.Repository+"/blobs/"+file.Digest.String(), nil)
	if err != nil {
		return nil, err
	}
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	return p.repo.Client.Do(req)
}

// begins tells where the bytes of an answer begin.
func begins(res *http.Response, file ocispec.Descriptor, at *int64) error {
	switch res.StatusCode {
	case http.StatusOK:
		*at = 0
	case http.StatusPartialContent:
		var start, end, size int64
		stated := res.Header.Get("Content-Range")
		if n, err := fmt.Sscanf(stated, "bytes %d-%d/%d", &start, &end, &size); n != 3 || err != nil || start != *at || size != file.Size {
			return fmt.Errorf("asked for the bytes from %d on of %d, the registry sent %.80q", *at, file.Size, stated)
		}
	default:
		return errRefused
	}
	if rest := file.Size - *at; res.ContentLength >= 0 && res.ContentLength != rest {
		return fmt.Errorf("the registry sends %d bytes of a file that has %d", res.ContentLength, rest)
	}
	return nil
}

// A body yields exactly the bytes of a file, or fails: where the registry
// stalls, sends fewer or more, or others than those of the digest. Once that
// happened, all its reads fail. Its context ends with it.
type body struct {
	raw    io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  time.Duration

	at, size int64
	proof    digest.Verifier // nil where the beginning was not read here
	err      error
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	late := time.AfterFunc(b.stall, func() { b.cancel(errStalled(b.stall)) })
	n, err := b.raw.Read(p)
	late.Stop()
	b.at += int64(n)
	if b.proof != nil {
		b.proof.Write(p[:n])
	}
	switch {
	case b.at > b.size:
		n, err = 0, fmt.Errorf("more bytes came than the %d of the file: %w", b.size, fetcher.ErrChanged)
	case err == io.EOF && b.at < b.size:
		err = io.ErrUnexpectedEOF
	case err == io.EOF && b.proof != nil && !b.proof.Verified():
		err = fmt.Errorf("the bytes are not those of their digest: %w", fetcher.ErrChanged)
	case err != nil && err != io.EOF && b.ctx.Err() != nil:
		err = context.Cause(b.ctx)
	}
	b.err = err
	return n, err
}

func (b *body) Close() error {
	defer b.cancel(nil) // after the body: a connection that was read to its end is kept
	return b.raw.Close()
}

func errStalled(after time.Duration) error {
	return fmt.Errorf("nothing came for %v, the registry or the network stalls: %w", after, os.ErrDeadlineExceeded)
}

// excerpt is what a refusal says.
func excerpt(r io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(r, 512))
	return strings.TrimSpace(strings.ToValidUTF8(string(text), ""))
}
