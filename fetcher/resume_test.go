package fetcher_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

// A cutter gives the first half of a program and lets a row decide how the rest
// comes.
type cutter struct {
	program []byte
	headers http.Header
	broken  func(w http.ResponseWriter, r *http.Request)        // ends the first answer
	rest    func(w http.ResponseWriter, r *http.Request, n int) // answers the nth request for the rest
	ranges  []string
}

func (c *cutter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, values := range c.headers {
		w.Header()[name] = values
	}
	if asked := r.Header.Get("Range"); asked != "" {
		c.ranges = append(c.ranges, asked+" if "+r.Header.Get("If-Range"))
		c.rest(w, r, len(c.ranges))
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(c.program)))
	w.Write(c.program[:len(c.program)/2])
	w.(http.Flusher).Flush()
	c.broken(w, r)
}

func abort(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// part answers with what the range asks for, as a good server does.
func part(program []byte) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(program))
	}
}

func TestResume(t *testing.T) {
	program := noise(100_000)
	half := len(program) / 2
	strong := http.Header{"Etag": {`"v1"`}}
	answer := func(code int, name, value string, body []byte) func(http.ResponseWriter, *http.Request, int) {
		return func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set(name, value)
			w.WriteHeader(code)
			w.Write(body)
		}
	}
	tail := fmt.Sprintf("bytes %d-%d/%d", half, len(program)-1, len(program))

	for _, row := range []struct {
		name    string
		headers http.Header
		broken  func(http.ResponseWriter, *http.Request)
		rest    func(http.ResponseWriter, *http.Request, int)
		want    error  // nil: the whole program
		says    string // in the error
		asked   int
	}{
		{name: "cut", headers: strong, rest: part(program), asked: 1},
		{
			name: "stalled", headers: strong, rest: part(program), asked: 1,
			broken: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		},
		{
			name: "an old enough date is proof", rest: answer(206, "Content-Range", tail, program[half:]), asked: 1,
			headers: http.Header{"Last-Modified": {"Sat, 01 Jan 2000 00:00:00 GMT"}, "Date": {"Sat, 01 Jan 2000 00:00:02 GMT"}},
		},
		{
			name: "a fresh date is none", want: errAny, says: "cannot be resumed",
			headers: http.Header{"Last-Modified": {"Sat, 01 Jan 2000 00:00:02 GMT"}, "Date": {"Sat, 01 Jan 2000 00:00:02 GMT"}},
		},
		{name: "a weak ETag is none", headers: http.Header{"Etag": {`W/"v1"`}}, want: errAny, says: "cannot be resumed"},
		{name: "no validator", want: errAny, says: "cannot be resumed"},
		{name: "begun anew with 200", headers: strong, rest: answer(200, "X", "", program), want: fetcher.ErrChanged, says: "began anew", asked: 1},
		{name: "another ETag", headers: strong, rest: answer(206, "Etag", `"v2"`, nil), want: fetcher.ErrChanged, says: "ETag", asked: 1},
		{name: "another coding", headers: strong, rest: answer(206, "Content-Encoding", "gzip", nil), want: fetcher.ErrChanged, says: "Content-Encoding", asked: 1},
		{name: "no range", headers: strong, rest: answer(206, "X", "", nil), want: fetcher.ErrChanged, says: "Content-Range", asked: 1},
		{name: "another start", headers: strong, rest: answer(206, "Content-Range", "bytes 0-99999/100000", program), want: fetcher.ErrChanged, says: "bytes 0-", asked: 1},
		{name: "another length", headers: strong, rest: answer(206, "Content-Range", "bytes 50000-99999/100001", program[half:]), want: fetcher.ErrChanged, says: "/100001", asked: 1},
		{name: "more than its range", headers: strong, rest: answer(206, "Content-Range", tail, program), want: fetcher.ErrChanged, says: "more bytes", asked: 1},
		{name: "shorter now", headers: strong, rest: answer(416, "X", "", nil), want: fetcher.ErrChanged, says: "416", asked: 1},
		{name: "gone", headers: strong, rest: answer(404, "X", "", nil), want: errAny, says: "404", asked: 1},
		{name: "never again", headers: strong, rest: answer(500, "X", "", nil), want: errAny, says: "given up after 5 tries", asked: 5},
		{
			name: "nothing gained", headers: strong, want: errAny, says: "given up after 5 tries", asked: 5,
			rest: func(w http.ResponseWriter, r *http.Request, _ int) { panic(http.ErrAbortHandler) },
		},
		{
			name: "after three errors", headers: strong, asked: 4,
			rest: func(w http.ResponseWriter, r *http.Request, n int) {
				if n < 4 {
					http.Error(w, "no", http.StatusBadGateway)
					return
				}
				part(program)(w, r, n)
			},
		},
		{
			name: "piece by piece", headers: strong, asked: 3,
			rest: func(w http.ResponseWriter, r *http.Request, n int) {
				var from int
				fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
				to := min(from+20_000, len(program))
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(program)))
				w.WriteHeader(http.StatusPartialContent)
				w.Write(program[from:to])
			},
		},
		{name: "asks for a long pause", headers: strong, rest: answer(503, "Retry-After", "3600", nil), want: errAny, says: "1h0m0s", asked: 1},
		{
			name: "asks for a short pause", headers: strong, asked: 2,
			rest: func(w http.ResponseWriter, r *http.Request, n int) {
				if n == 1 {
					answer(503, "Retry-After", "40", nil)(w, r, n)
					return
				}
				part(program)(w, r, n)
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &cutter{program: program, headers: row.headers, broken: row.broken, rest: row.rest}
			if c.broken == nil {
				c.broken = abort
			}
			inBubble(t, c.ServeHTTP, func(t *testing.T, client *http.Client) {
				f := &fetcher.HTTP{URL: "http://releases/app", Client: client}
				got, took, err := fetchAll(t, f)
				switch {
				case row.want == nil && (err != nil || !bytes.Equal(got, program)):
					t.Errorf("read %d bytes and %v; want the whole", len(got), err)
				case row.want != nil && err == nil, row.want != nil && row.want != errAny && !errors.Is(err, row.want):
					t.Errorf("error is %v; want %v", err, row.want)
				case row.want != nil && !strings.Contains(err.Error(), row.says):
					t.Errorf("error is %q; want %q in it", err, row.says)
				}
				if len(c.ranges) != row.asked {
					t.Errorf("asked for the rest %d times (%q), want %d", len(c.ranges), c.ranges, row.asked)
				}
				if took > 3*time.Minute {
					t.Errorf("took %v", took)
				}
				// What failed is not remembered, what was taken is.
				c.broken, c.headers = abort, strong
				c.rest = part(program)
				if row.want != nil {
					wantWhole(t, f, program)
				}
			})
		})
	}
}

var errAny = errors.New("any error")

// A link that breaks again and again does not end a download that goes forward.
func TestResumeManyTimes(t *testing.T) {
	program := noise(30 << 20)
	serve := func(w http.ResponseWriter, r *http.Request) {
		from := 0
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Header().Set("Etag", `"v1"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(program)-from))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(program)-1, len(program)))
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(program[from:min(from+3<<19, len(program))])
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		wantWhole(t, &fetcher.HTTP{URL: "http://releases/app", Client: client}, program)
	})
}

// The context ends a download in each of its states.
func TestCancelledDownload(t *testing.T) {
	program := noise(100_000)
	for _, row := range []struct {
		name   string
		broken func(http.ResponseWriter, *http.Request)
		rest   func(http.ResponseWriter, *http.Request, int)
	}{
		{"while it waits for bytes", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, nil},
		{"in its backoff", abort, func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(http.StatusBadGateway) }},
		{"while it waits for the rest", abort, func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &cutter{program: program, headers: http.Header{"Etag": {`"v1"`}}, broken: row.broken, rest: row.rest}
			inBubble(t, c.ServeHTTP, func(t *testing.T, client *http.Client) {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				r, err := (&fetcher.HTTP{URL: "http://releases/app", Client: client}).FetchContext(ctx)
				if err != nil || r == nil {
					t.Fatalf("FetchContext = %v, %v", r, err)
				}
				begin := time.Now()
				if _, err := io.ReadAll(r); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 5*time.Second {
					t.Fatalf("read ended with %v after %v; want the context's error after 5s", err, time.Since(begin))
				}
			})
		})
	}
}

func TestStalledAnswer(t *testing.T) {
	serve := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		_, took, err := fetchAll(t, &fetcher.HTTP{URL: "http://releases/app", Client: client})
		if !errors.Is(err, os.ErrDeadlineExceeded) || took != 2*time.Minute {
			t.Fatalf("a server that never answers: %v after %v; want a deadline after 2m0s", err, took)
		}
	})
}
