package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/seed-3d078585/overseer/fetcher"
)

const (
	slowDown      = 5 * time.Second // where a service asks for a pause and does not say how long
	maxRetryAfter = 24 * time.Hour  // keeps a service's mistake from ending upgrades for good
)

// A refusal is an error that the service gave as its answer.
type refusal struct {
	minio.ErrorResponse
	note
}

// refused tells a refusal from the end of ctx and from what went wrong on the
// way.
func refused(ctx context.Context, err error, seen *note) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	answer, ok := errors.AsType[minio.ErrorResponse](err)
	if !ok || answer.StatusCode == 0 {
		return plain(err)
	}
	return refusal{answer, *seen}
}

// failure tells what an error means. The codes are those of
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
func (p *Place) failure(name string, err error) error {
	answer, ok := errors.AsType[refusal](err)
	if !ok {
		return err
	}
	status := p.status(name, answer)
	switch answer.StatusCode {
	case http.StatusNotModified:
		return fetcher.ErrNotModified
	case http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("it is another file by now (%s): %w", answer.Code, fetcher.ErrChanged)
	case http.StatusNotFound:
		if answer.Code == "NoSuchBucket" {
			// Not wrapped: a StatusError of 404 is a missing file.
			return fmt.Errorf("there is no bucket %q at this endpoint: %v", p.bucket, status)
		}
		return fs.ErrNotExist
	case http.StatusForbidden:
		if answer.Code == "AccessDenied" {
			return fmt.Errorf("%w, or it may not be read with these credentials: grant s3:GetObject, and s3:ListBucket to tell the two apart (%w)", fs.ErrNotExist, status)
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if answer.retryAfter != "" || answer.Code == "SlowDown" {
			return &fetcher.RetryAfterError{After: answer.pause(time.Now()), Err: status}
		}
	}
	return status
}

func (p *Place) status(name string, answer refusal) *fetcher.StatusError {
	return &fetcher.StatusError{Code: answer.StatusCode, URL: p.url(name), Excerpt: answer.text()}
}

// text is what the service said, short enough for a message.
func (r refusal) text() string {
	s := strings.TrimSpace(strings.ToValidUTF8(r.Code+": "+r.Message, ""))
	return s[:min(len(s), 512)]
}

// plain drops the URL that net/http wraps around an error: whoever wraps this
// one names the file.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// A note is what an answer said that the client does not hand on. The client
// sends one request at a time for a call, so it needs no lock.
type note struct{ retryAfter string }

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
		n.retryAfter = res.Header.Get("Retry-After")
	}
	return res, err
}

// pause reads seconds, or a date.
func (n note) pause(now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(n.retryAfter, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if date, err := http.ParseTime(n.retryAfter); err == nil {
		return min(max(date.Sub(now), 0), maxRetryAfter)
	}
	return slowDown
}
