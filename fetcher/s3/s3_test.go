package s3_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/fetchertest"
	"github.com/seed-3d078585/overseer/fetcher/s3"
)

const smallBound = 1 << 20

// A program written for the older library changes the import path.
var _ = &s3.S3{
	Access: "", Secret: "", Region: "", Bucket: "releases", Key: "app.gz",
	Interval: time.Minute, HeadTimeout: 5 * time.Second, GetTimeout: 5 * time.Minute,
}

var (
	_ fetcher.ContextFetcher = (*s3.S3)(nil)
	_ fetcher.Place          = (*s3.Place)(nil)
)

// source is an S3 on a key of the server.
func (s *server) source(key string, transport http.RoundTripper) *s3.S3 {
	return &s3.S3{
		Access: access, Secret: secret, Region: region, Bucket: bucket, Key: key,
		Interval: time.Millisecond, MaxSize: smallBound,
		Options: s3.Options{Endpoint: "http://" + host, Transport: transport, Attempts: 1},
	}
}

func TestConformance(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		s := plain(t)
		w := &weather{RoundTripper: s.Transport}
		publish := func(program []byte) { s.put(t, "app", program) }
		publish([]byte("the release before the first"))
		f := s.source("app", w)
		if err := f.Init(); err != nil {
			t.Fatal(err)
		}
		return fetchertest.Source{
			Fetcher: f,
			Publish: publish,
			Change:  publish,
			Flood:   func() { publish(make([]byte, smallBound+1)) },
			Cut:     func() { w.set(func() { w.cut = true }) },
			Stall:   w.stall,
		}
	})
}

// weather is what a network does.
type weather struct {
	http.RoundTripper
	mu      sync.Mutex
	cut     bool
	asked   chan struct{} // not nil: take questions and answer none
	stalled chan struct{} // closed at the end of that
}

func (w *weather) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *weather) stall() (<-chan struct{}, func()) {
	asked, stalled := make(chan struct{}), make(chan struct{})
	w.set(func() { w.asked, w.stalled = asked, stalled })
	return asked, func() {
		w.set(func() { w.asked = nil })
		close(stalled)
	}
}

func (w *weather) RoundTrip(req *http.Request) (*http.Response, error) {
	var asked, stalled chan struct{}
	var cut bool
	w.set(func() {
		asked, stalled, cut = w.asked, w.stalled, w.cut
		w.cut = false
	})
	if asked != nil {
		close(asked)
		select {
		case <-stalled:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	res, err := w.RoundTripper.RoundTrip(req)
	if err == nil && cut {
		res.Header.Set("Accept-Ranges", "none") // so that it cannot be mended
		res.Body = broken{io.LimitReader(res.Body, res.ContentLength/2), res.Body}
	}
	return res, err
}

type broken struct {
	io.Reader
	io.Closer
}

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func take(t *testing.T, r io.Reader) []byte {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	r.(fetcher.Receipt).Taken()
	if err := r.(io.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	return data
}

func TestS3Unpacks(t *testing.T) {
	s := plain(t)
	program := noise(1, 10_000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(program)
	z.Close()
	s.put(t, "v1/app.gz", packed.Bytes())
	f := s.source("app.gz", s)
	f.Options.Prefix = "v1"
	r, err := f.Fetch() // Init was not called
	if err != nil {
		t.Fatal(err)
	}
	if about := fetcher.Describe(r); about.Source != "s3://releases/v1/app.gz" || about.Body != r {
		t.Fatalf("the candidate is %+v; want it from s3://releases/v1/app.gz, with the reader itself", about)
	}
	if got := take(t, r); !bytes.Equal(got, program) {
		t.Fatalf("read %d bytes; want the program of %d", len(got), len(program))
	}
}

// What was taken is asked for with a condition, and answered without a body; a
// body that breaks off goes on where it stopped.
func TestS3SavesTraffic(t *testing.T) {
	s := plain(t)
	program := noise(1, 300_000)
	s.put(t, "app", program)
	broke := false
	tapped := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
		if !broke {
			broke = true
			res.Body = broken{io.LimitReader(res.Body, 100_000), res.Body}
		}
		return res, nil
	}}
	f := s.source("app", tapped)
	r, err := f.Fetch()
	if err != nil {
		t.Fatal(err)
	}
	if got := take(t, r); !bytes.Equal(got, program) {
		t.Fatalf("read %d bytes; want the program of %d", len(got), len(program))
	}
	if r, err := f.Fetch(); r != nil || err != nil {
		t.Fatalf("Fetch = %v, %v after the program was taken; want nil, nil", r, err)
	}
	asked := tapped.requests()
	if len(asked) != 3 {
		t.Fatalf("%d requests; want the download, its rest and the question", len(asked))
	}
	if rest := asked[1].Header; rest.Get("Range") != "bytes=100000-" || rest.Get("If-Match") == "" {
		t.Fatalf("the rest was asked for with Range %q and If-Match %q", rest.Get("Range"), rest.Get("If-Match"))
	}
	if asked[2].Header.Get("If-None-Match") != asked[1].Header.Get("If-Match") {
		t.Fatalf("the question had If-None-Match %q; want %q", asked[2].Header.Get("If-None-Match"), asked[1].Header.Get("If-Match"))
	}
}

// The rest of other bytes is never joined.
func TestS3ReplacedDuringTheDownload(t *testing.T) {
	s := plain(t)
	one, two := noise(1, 300_000), noise(2, 300_000)
	s.put(t, "app", one)
	broke := false
	tapped := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
		if !broke {
			broke = true
			res.Body = broken{io.LimitReader(res.Body, 100_000), res.Body}
			s.put(t, "app", two)
		}
		return res, nil
	}}
	f := s.source("app", tapped)
	r, err := f.Fetch()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); !errors.Is(err, fetcher.ErrChanged) || !bytes.Equal(got, one[:100_000]) {
		t.Fatalf("read %d bytes, %v; want the first 100000 and fetcher.ErrChanged", len(got), err)
	}
	r.(io.Closer).Close()
	if r, err = f.Fetch(); err != nil || r == nil {
		t.Fatalf("Fetch = %v, %v", r, err)
	}
	if got := take(t, r); !bytes.Equal(got, two) {
		t.Fatalf("read %d bytes; want the new program", len(got))
	}
}

func TestS3Timeouts(t *testing.T) {
	s := plain(t)
	s.put(t, "app", noise(1, 1000))
	t.Run("no answer", func(t *testing.T) {
		w := &weather{RoundTripper: s.Transport}
		f := s.source("app", w)
		f.HeadTimeout = 20 * time.Millisecond
		_, end := w.stall()
		defer end()
		if r, err := f.Fetch(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("Fetch = %v, %v; want os.ErrDeadlineExceeded", r, err)
		}
	})
	t.Run("a slow download", func(t *testing.T) {
		tapped := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
			res.Body = &halting{ReadCloser: res.Body, ctx: req.Context(), begun: make(chan struct{})}
			return res, nil
		}}
		f := s.source("app", tapped)
		f.GetTimeout = 50 * time.Millisecond
		r, err := f.Fetch()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); !errors.Is(err, os.ErrDeadlineExceeded) || !strings.Contains(err.Error(), "GetTimeout") {
			t.Fatalf("read: %v; want an error that names GetTimeout", err)
		}
	})
}

func TestS3Errors(t *testing.T) {
	s := plain(t)
	f := s.source("none", s)
	r, err := f.Fetch()
	if status, ok := errors.AsType[*fetcher.StatusError](err); !ok || status.Code != http.StatusNotFound || !strings.Contains(err.Error(), "NoSuchKey") {
		t.Fatalf("Fetch of a missing key = %v, %v; want a StatusError 404 that says NoSuchKey", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := f.FetchContext(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("FetchContext = %v, %v; want context.Canceled", r, err)
	}
}

func TestFields(t *testing.T) {
	for _, row := range []struct {
		name string
		init func() error
		says string
	}{
		{"no key", func() error { return (&s3.S3{Bucket: "b"}).Init() }, "Key is empty"},
		{"no bucket", func() error { return (&s3.S3{Key: "k"}).Init() }, "Bucket is empty"},
		{"a negative timeout", func() error { return (&s3.S3{Bucket: "b", Key: "k", GetTimeout: -1}).Init() }, "must not be negative"},
		{"a negative interval", func() error { return (&s3.S3{Bucket: "bucket", Key: "k", Interval: -1}).Init() }, "Interval"},
		{"half of a pair", func() error { return (&s3.S3{Bucket: "bucket", Key: "k", Access: "a"}).Init() }, "give both"},
		{"anonymous with a key", made(s3.Options{Bucket: "bucket", Anonymous: true, Access: "a", Secret: "s"}), "choose one"},
		{"a prefix that leads out", made(s3.Options{Bucket: "bucket", Prefix: "a/../b"}), "Prefix"},
		{"a bad endpoint", made(s3.Options{Bucket: "bucket", Endpoint: "https://host/path"}), "endpoint"},
		{"a negative stall", made(s3.Options{Bucket: "bucket", StallTimeout: -1}), "StallTimeout"},
		{"good", made(s3.Options{Bucket: "bucket"}), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := row.init()
			if (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Fatalf("got %v; want an error that says %q", err, row.says)
			}
		})
	}
}

func made(o s3.Options) func() error {
	return func() error {
		_, err := s3.New(o)
		return err
	}
}

func TestParseURL(t *testing.T) {
	for _, row := range []struct {
		in   string
		want s3.Options
		says string
	}{
		{in: "s3://bucket", want: s3.Options{Bucket: "bucket"}},
		{in: "s3://bucket/a/b/", want: s3.Options{Bucket: "bucket", Prefix: "a/b"}},
		{in: "s3://bucket/a?endpoint=http://host:9000&region=eu&path-style=true", want: s3.Options{
			Bucket: "bucket", Prefix: "a", Endpoint: "http://host:9000", Region: "eu", PathStyle: true}},
		{in: "s3:///a", says: "want s3://BUCKET/PREFIX"},
		{in: "https://bucket/a", says: "want s3://BUCKET/PREFIX"},
		{in: "s3://key:secret@bucket/a", says: "without credentials"},
		{in: "s3://bucket?acess=x", says: `parameter "acess"`},
		{in: "s3://bucket?path-style=yes", says: `parameter "path-style"`},
	} {
		t.Run(row.in, func(t *testing.T) {
			got, err := s3.ParseURL(row.in)
			if got != row.want || (err == nil) != (row.says == "") || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Fatalf("ParseURL(%q) = %+v, %v; want %+v, an error that says %q", row.in, got, err, row.want, row.says)
			}
			if err != nil && strings.Contains(err.Error(), "key:secret") {
				t.Fatalf("the error has the credentials: %v", err)
			}
		})
	}
}
