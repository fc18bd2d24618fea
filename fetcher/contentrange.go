package fetcher

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// continues proves that a is the rest of the body, or says why not. A range
// request may rightly be answered with the whole of other bytes; joining those
// to what was read would make a program that nobody built.
func (d *download) continues(a *answer) error {
	switch a.StatusCode {
	case http.StatusPartialContent:
	case http.StatusOK:
		return fmt.Errorf("asked to go on at byte %d, the server began anew: %w", d.got, ErrChanged)
	case http.StatusRequestedRangeNotSatisfiable, http.StatusPreconditionFailed:
		return fmt.Errorf("asked to go on at byte %d, the server answered %d: %w", d.got, a.StatusCode, ErrChanged)
	default:
		return a.refusal()
	}
	if etag := a.Header.Get("ETag"); d.first.etag != "" && etag != "" && etag != d.first.etag {
		return fmt.Errorf("the ETag was %q and is %q: %w", d.first.etag, etag, ErrChanged)
	}
	if coded := a.Header.Get("Content-Encoding"); coded != d.coded {
		return fmt.Errorf("the Content-Encoding was %q and is %q: %w", d.coded, coded, ErrChanged)
	}
	stated := a.Header.Get("Content-Range")
	r, err := parseContentRange(stated)
	if err != nil {
		return err
	}
	if r.start != d.got || (r.total >= 0 && d.total >= 0 && r.total != d.total) {
		return fmt.Errorf("asked for the bytes from %d of %d, the server sent %q: %w", d.got, d.total, stated, ErrChanged)
	}
	if d.total < 0 {
		d.total = r.total
	}
	if d.total < 0 {
		return fmt.Errorf("the server sent %q and never said how long the whole is: %w", stated, ErrChanged)
	}
	return nil
}

// A contentRange is the header of that name. total is -1 where it is not known.
type contentRange struct{ start, end, total int64 }

// parseContentRange reads "bytes 0-99/100" and "bytes 0-99/*".
func parseContentRange(s string) (contentRange, error) {
	bad := fmt.Errorf("the server answered 206 with Content-Range %.80q: %w", s, ErrChanged)
	unit, rest, _ := strings.Cut(s, " ")
	span, total, slash := strings.Cut(rest, "/")
	start, end, dash := strings.Cut(span, "-")
	if !strings.EqualFold(unit, "bytes") || !slash || !dash {
		return contentRange{}, bad
	}
	r := contentRange{total: -1}
	for _, part := range []struct {
		text string
		to   *int64
	}{{start, &r.start}, {end, &r.end}, {total, &r.total}} {
		if part.to == &r.total && part.text == "*" {
			continue
		}
		value, err := strconv.ParseUint(part.text, 10, 63)
		if err != nil {
			return contentRange{}, bad
		}
		*part.to = int64(value)
	}
	if r.end < r.start || (r.total >= 0 && r.end >= r.total) {
		return contentRange{}, bad
	}
	return r, nil
}
