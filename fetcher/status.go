package fetcher

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A StatusError is an answer that is neither a release nor "no news". One of 404
// or 410 matches [fs.ErrNotExist].
type StatusError struct {
	Code    int    // the HTTP status
	URL     string // what was asked, without query and password
	Excerpt string // how the answer's body begins, at most 512 bytes
}

// Is makes an answer that there is no such file match [fs.ErrNotExist].
func (e *StatusError) Is(target error) bool {
	return target == fs.ErrNotExist && (e.Code == http.StatusNotFound || e.Code == http.StatusGone)
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("fetch %q: the server answered %d %s", e.URL, e.Code, http.StatusText(e.Code))
	switch e.Code {
	case http.StatusUnauthorized, http.StatusForbidden:
		s += " (check the credentials in Header or Token)"
	case http.StatusNotFound, http.StatusGone:
		s += " (check the URL; servers also hide this way what the credentials may not see)"
	}
	if e.Excerpt != "" {
		s += fmt.Sprintf(": %q", e.Excerpt)
	}
	return s
}

// A RetryAfterError is an answer that asks to be left alone for a while. The
// source does not keep the pause itself; whoever calls Fetch does.
type RetryAfterError struct {
	After time.Duration // from now; between 0 and 24 hours
	Err   error         // what the server said, mostly a *StatusError
}

func (e *RetryAfterError) Error() string {
	return fmt.Sprintf("%v; it asks to be left alone for %v", e.Err, e.After.Round(time.Second))
}

func (e *RetryAfterError) Unwrap() error { return e.Err }

// maxRetryAfter keeps a server's mistake from ending upgrades for good.
const maxRetryAfter = 24 * time.Hour

// refusal makes the error of an answer that is no release.
func (a *answer) refusal() error {
	excerpt, _ := io.ReadAll(io.LimitReader(a, 512))
	err := &StatusError{
		Code:    a.StatusCode,
		URL:     a.source,
		Excerpt: strings.TrimSpace(strings.ToValidUTF8(string(excerpt), "")),
	}
	switch a.StatusCode {
	case http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if after, ok := retryAfter(a.Header.Get("Retry-After"), time.Now()); ok {
			return &RetryAfterError{After: after, Err: err}
		}
	}
	return err
}

// retryAfter reads the header of that name: seconds, or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if value == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseUint(value, 10, 63); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second, true
	}
	if date, err := http.ParseTime(value); err == nil {
		return boundRetry(date.Sub(now)), true
	}
	return 0, false
}

func boundRetry(d time.Duration) time.Duration { return min(max(d, 0), maxRetryAfter) }

// rateLimit makes a RetryAfterError of a refusal for an exhausted limit, which
// GitHub states in headers of its own.
func rateLimit(a *answer, err error) error {
	if err == nil || (a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusTooManyRequests) {
		return err
	}
	if _, done := err.(*RetryAfterError); done || a.Header.Get("X-RateLimit-Remaining") != "0" {
		return err
	}
	reset, bad := strconv.ParseInt(a.Header.Get("X-RateLimit-Reset"), 10, 64)
	if bad != nil {
		return err
	}
	return &RetryAfterError{After: boundRetry(time.Until(time.Unix(reset, 0))), Err: err}
}
