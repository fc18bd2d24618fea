package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/seed-3d078585/overseer/fetcher"
)

const (
	slowDown      = 5 * time.Second // where a registry asks for a pause and does not say how long
	maxRetryAfter = 24 * time.Hour  // keeps a registry's mistake from ending upgrades for good
)

// errRefused is an answer that has no bytes.
var errRefused = errors.New("refused")

// failure tells what an error of the client means.
func (p *Place) failure(ctx context.Context, err error, seen *note) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, errdef.ErrNotFound) {
		return fmt.Errorf("%w: %w", errNoTag, fs.ErrNotExist)
	}
	answer, ok := errors.AsType[*errcode.ErrorResponse](err)
	switch {
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return p.status(http.StatusUnauthorized, "it asks for a username and a password, and there are none", seen)
	case !ok:
		return plain(err)
	}
	text := http.StatusText(answer.StatusCode)
	if len(answer.Errors) > 0 {
		text = answer.Errors.Error()
	}
	return p.status(answer.StatusCode, text[:min(len(text), 512)], seen)
}

// refusal tells what an answer to a question for bytes means.
func (p *Place) refusal(res *http.Response, seen *note, err error) error {
	if err != errRefused {
		return err
	}
	if res.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%w: %w", errNoTag, fs.ErrNotExist)
	}
	return p.status(res.StatusCode, excerpt(res.Body), seen)
}

func (p *Place) status(code int, text string, seen *note) error {
	status := &fetcher.StatusError{Code: code, URL: p.String(), Excerpt: text}
	asks := code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable && seen.retryAfter != ""
	if asks {
		return &fetcher.RetryAfterError{After: seen.pause(time.Now()), Err: status}
	}
	return status
}

// plain drops the URL that net/http wraps around an error: after a redirect it
// mostly is a signed secret.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// A note is what an answer said that the client does not hand on. The client
// sends one request at a time for a call, so it needs no lock.
type note struct {
	status     int
	retryAfter string
}

type noteKey struct{}

func withNote(ctx context.Context) (context.Context, *note) {
	n := &note{}
	return context.WithValue(ctx, noteKey{}, n), n
}

// noting keeps what answers say in the note of the request's context.
type noting struct{ http.RoundTripper }

func (t noting) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := t.RoundTripper.RoundTrip(req)
	if n, ok := req.Context().Value(noteKey{}).(*note); ok && err == nil {
		n.status, n.retryAfter = res.StatusCode, res.Header.Get("Retry-After")
	}
	return res, err
}

// pause reads seconds, or a date.
func (n *note) pause(now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(n.retryAfter, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if date, err := http.ParseTime(n.retryAfter); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return slowDown
}
