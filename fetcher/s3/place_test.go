package s3_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/fetchertest"
	"github.com/seed-3d078585/overseer/fetcher/s3"
)

// noise makes bytes that do not compress, different for each seed.
func noise(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// read opens and reads to the end.
func read(t *testing.T, p fetcher.Place, want fetcher.Want) (*fetcher.Found, []byte) {
	t.Helper()
	f, err := p.Open(t.Context(), want)
	if err != nil {
		t.Fatalf("Open(%+v): %v", want, err)
	}
	defer f.Body.Close()
	data, err := io.ReadAll(f.Body)
	if err != nil {
		t.Fatalf("read %q: %v", want.Name, err)
	}
	return f, data
}

func TestOpen(t *testing.T) {
	s := plain(t)
	p := s.place(t, func(o *s3.Options) { o.Prefix = "/app/v1/" })
	one, two := noise(1, 100_000), noise(2, 100_000)
	s.put(t, "app/v1/programs/one.zst", one)

	f, got := read(t, p, fetcher.Want{Name: "programs/one.zst"})
	if !bytes.Equal(got, one) || f.Size != int64(len(one)) || f.Offset != 0 || f.Version == "" {
		t.Fatalf("Open found %d bytes, size %d, offset %d, version %q; want the %d bytes, from 0, with a version", len(got), f.Size, f.Offset, f.Version, len(one))
	}
	version := f.Version

	f, got = read(t, p, fetcher.Want{Name: "programs/one.zst", Offset: 70_000, Version: version})
	if !bytes.Equal(got, one[70_000:]) || f.Offset != 70_000 || f.Size != int64(len(one)) || f.Version != version {
		t.Fatalf("Open from 70000 found %d bytes, size %d, offset %d; want the last 30000 of %d", len(got), f.Size, f.Offset, len(one))
	}
	for _, row := range []struct {
		name string
		want fetcher.Want
		err  error
	}{
		{"not modified", fetcher.Want{Name: "programs/one.zst", Unless: version}, fetcher.ErrNotModified},
		{"another version", fetcher.Want{Name: "programs/one.zst", Offset: 10, Version: `"0123456789abcdef0123456789abcdef"`}, fetcher.ErrChanged},
		{"beyond the end", fetcher.Want{Name: "programs/one.zst", Offset: 1 << 20, Version: version}, fetcher.ErrChanged},
		{"missing", fetcher.Want{Name: "programs/none.zst"}, fs.ErrNotExist},
		{"a folder", fetcher.Want{Name: "programs"}, fs.ErrNotExist},
		{"outside", fetcher.Want{Name: "../v1/programs/one.zst"}, fs.ErrInvalid},
		{"absolute", fetcher.Want{Name: "/programs/one.zst"}, fs.ErrInvalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := p.Open(t.Context(), row.want)
			if !errors.Is(err, row.err) {
				t.Fatalf("Open(%+v) = %+v, %v; want an error that matches %v", row.want, f, err, row.err)
			}
		})
	}

	s.put(t, "app/v1/programs/one.zst", two)
	if _, err := p.Open(t.Context(), fetcher.Want{Name: "programs/one.zst", Offset: 5, Version: version}); !errors.Is(err, fetcher.ErrChanged) {
		t.Fatalf("Open of the rest of a file that was replaced: %v; want fetcher.ErrChanged", err)
	}
	f, got = read(t, p, fetcher.Want{Name: "programs/one.zst", Unless: version})
	if !bytes.Equal(got, two) || f.Version == version {
		t.Fatalf("Open after a replacement found %d bytes, version %q; want the new ones", len(got), f.Version)
	}
	if p.String() != "s3://releases/app/v1" {
		t.Fatalf("String() = %q", p)
	}
}

// An upload in parts has an ETag that is no MD5: it is compared, never computed.
func TestOpenMultiPart(t *testing.T) {
	s := plain(t)
	p := s.place(t)
	data := noise(3, 11<<20)
	if _, err := s.admin.PutObject(t.Context(), bucket, "large", bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{PartSize: 5 << 20}); err != nil {
		t.Fatal(err)
	}
	f, got := read(t, p, fetcher.Want{Name: "large"})
	if !bytes.Equal(got, data) || !strings.Contains(f.Version, "-3") {
		t.Fatalf("found %d bytes with the ETag %s; want %d, of 3 parts", len(got), f.Version, len(data))
	}
	if _, err := p.Open(t.Context(), fetcher.Want{Name: "large", Unless: f.Version}); !errors.Is(err, fetcher.ErrNotModified) {
		t.Fatalf("Open unless %s: %v; want fetcher.ErrNotModified", f.Version, err)
	}
	_, got = read(t, p, fetcher.Want{Name: "large", Offset: 6 << 20, Version: f.Version})
	if !bytes.Equal(got, data[6<<20:]) {
		t.Fatalf("the rest is %d bytes; want %d", len(got), 5<<20)
	}
}

func TestOpenRefused(t *testing.T) {
	s := plain(t)
	s.put(t, "there", []byte("bytes"))
	for _, row := range []struct {
		name    string
		change  func(*s3.Options)
		code    int
		missing bool
		says    string
	}{
		{"wrong secret", func(o *s3.Options) { o.Secret = "wrong" }, http.StatusForbidden, false, "SignatureDoesNotMatch"},
		{"unknown key", func(o *s3.Options) { o.Access = "nobody" }, http.StatusForbidden, false, "InvalidAccessKeyId"},
		{"no such bucket", func(o *s3.Options) { o.Bucket = "elsewhere" }, 0, false, `no bucket "elsewhere"`},
		{"anonymous", func(o *s3.Options) { o.Access, o.Secret, o.Anonymous = "", "", true }, http.StatusForbidden, true, "s3:ListBucket"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := s.place(t, row.change).Open(t.Context(), fetcher.Want{Name: "there"})
			status, ok := errors.AsType[*fetcher.StatusError](err)
			if err == nil || ok != (row.code != 0) || ok && status.Code != row.code || errors.Is(err, fs.ErrNotExist) != row.missing || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("Open: %v; want the status %d (0: none), saying %q, as a missing file: %v", err, row.code, row.says, row.missing)
			}
			if strings.Contains(err.Error(), secret) {
				t.Fatalf("the error has the secret: %v", err)
			}
		})
	}
}

// Who may read a bucket and not list it is told AccessDenied of what is not
// there.
func TestOpenWithoutListing(t *testing.T) {
	s := plain(t)
	s.put(t, "there", []byte("bytes"))
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + bucket + `/*"}]}`
	if err := s.admin.SetBucketPolicy(t.Context(), bucket, policy); err != nil {
		t.Fatal(err)
	}
	p := s.place(t, func(o *s3.Options) { o.Access, o.Secret, o.Anonymous = "", "", true })
	if _, got := read(t, p, fetcher.Want{Name: "there"}); string(got) != "bytes" {
		t.Fatalf("read %q", got)
	}
	if _, err := p.Open(t.Context(), fetcher.Want{Name: "gone"}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Open of a missing file without the right to list: %v; want fs.ErrNotExist", err)
	}
}

func TestOpenOverTLS(t *testing.T) {
	cert, key, ca := pair(t)
	s := start(t, "--cert", cert, "--key", key)
	s.TLSClientConfig = &tls.Config{RootCAs: ca}
	s.connect(t, true)
	s.put(t, "there", []byte("bytes"))
	if _, got := read(t, s.place(t, func(o *s3.Options) { o.Endpoint = host }), fetcher.Want{Name: "there"}); string(got) != "bytes" {
		t.Fatalf("read %q", got)
	}
}

// The transport that the options make knows the authorities given, and no
// others than these.
func TestOpenByAuthority(t *testing.T) {
	s := plain(t)
	s.put(t, "there", []byte("bytes"))
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Transport: s.Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: host})
			r.Out.Host = r.In.Host // it is signed
		},
	})
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.StartTLS()
	t.Cleanup(front.Close)
	direct := func(o *s3.Options) { o.Transport, o.Endpoint = nil, front.URL }
	ca := x509.NewCertPool()
	ca.AddCert(front.Certificate())
	if _, got := read(t, s.place(t, direct, func(o *s3.Options) { o.CA = ca }), fetcher.Want{Name: "there"}); string(got) != "bytes" {
		t.Fatalf("read %q", got)
	}
	if _, err := s.place(t, direct).Open(t.Context(), fetcher.Want{Name: "there"}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Fatalf("Open by a host that does not know the authority: %v; want an error about the certificate", err)
	}
}

func TestOpenAnswers(t *testing.T) {
	s := plain(t)
	s.put(t, "there", noise(1, 1000))
	f, _ := read(t, s.place(t), fetcher.Want{Name: "there"})
	status := func(code int, name, value, body string) func(*http.Request, *http.Response) (*http.Response, error) {
		return func(_ *http.Request, res *http.Response) (*http.Response, error) {
			res.Body.Close()
			res.StatusCode, res.Body = code, io.NopCloser(strings.NewReader(body))
			if name != "" {
				res.Header.Set(name, value)
			}
			return res, nil
		}
	}
	const slow = `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`
	for _, row := range []struct {
		name  string
		on    func(*http.Request, *http.Response) (*http.Response, error)
		want  fetcher.Want
		check func(error) bool
	}{
		{"slow down, for a minute", status(503, "Retry-After", "60", slow), fetcher.Want{}, after(time.Minute)},
		{"slow down", status(503, "", "", slow), fetcher.Want{}, after(5 * time.Second)},
		{"slow down, for ever", status(503, "Retry-After", "999999999", slow), fetcher.Want{}, after(24 * time.Hour)},
		{"too many requests, until a date", status(429, "Retry-After", "Mon, 02 Jan 2006 15:04:05 GMT", ""), fetcher.Want{}, after(0)},
		{"broken", status(500, "", "", "<html>"), fetcher.Want{}, code(500)},
		{"unavailable", status(503, "", "", ""), fetcher.Want{}, code(503)},
		{"a condition ignored", status(200, "", "", "x"), fetcher.Want{Unless: f.Version}, is(fetcher.ErrNotModified)},
		{"a match ignored", status(206, "Content-Range", "bytes 5-999/1000", "x"), fetcher.Want{Offset: 5, Version: `"older"`}, is(fetcher.ErrChanged)},
		{"a wrong range", status(206, "Content-Range", "bytes 6-999/1000", "x"), fetcher.Want{Offset: 5, Version: f.Version}, says("from 5 on")},
		{"an unreadable range", status(206, "Content-Range", "bytes 5-/1000", "x"), fetcher.Want{Offset: 5, Version: f.Version}, says("from 5 on")},
	} {
		t.Run(row.name, func(t *testing.T) {
			tapped := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
				res.Header.Set("ETag", f.Version) // also where the question was one that it answers without
				res.Header.Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
				return row.on(req, res)
			}}
			row.want.Name = "there"
			_, err := s.place(t, func(o *s3.Options) { o.Transport = tapped }).Open(t.Context(), row.want)
			if err == nil || !row.check(err) {
				t.Fatalf("Open(%+v): %v", row.want, err)
			}
		})
	}
	t.Run("a range ignored", func(t *testing.T) {
		tapped := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
			res.StatusCode = 200
			res.Header.Del("Content-Range")
			return res, nil
		}}
		f, _ := read(t, s.place(t, func(o *s3.Options) { o.Transport = tapped }), fetcher.Want{Name: "there", Offset: 5, Version: f.Version})
		if f.Offset != 0 {
			t.Fatalf("Found.Offset = %d where the service began anew; want 0", f.Offset)
		}
	})
}

func after(d time.Duration) func(error) bool {
	return func(err error) bool {
		later, ok := errors.AsType[*fetcher.RetryAfterError](err)
		return ok && later.After == d
	}
}

func code(n int) func(error) bool {
	return func(err error) bool {
		status, ok := errors.AsType[*fetcher.StatusError](err)
		return ok && status.Code == n && !errors.Is(err, fs.ErrNotExist)
	}
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

func says(text string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), text) }
}

// Attempts are bounded, and an answer that passes is mended.
func TestOpenTriesAgain(t *testing.T) {
	s := plain(t)
	s.put(t, "there", []byte("bytes"))
	tapped := &tap{RoundTripper: s.Transport}
	tapped.on = func(req *http.Request, res *http.Response) (*http.Response, error) {
		if len(tapped.requests()) < 2 {
			res.Body.Close()
			res.StatusCode, res.Body = 503, io.NopCloser(strings.NewReader(""))
		}
		return res, nil
	}
	p := s.place(t, func(o *s3.Options) { o.Transport, o.Attempts = tapped, 2 })
	if _, got := read(t, p, fetcher.Want{Name: "there"}); string(got) != "bytes" || len(tapped.requests()) != 2 {
		t.Fatalf("read %q after %d requests; want the bytes after 2", got, len(tapped.requests()))
	}
}

// A halting body gives some bytes, says so, and no more until it is closed.
type halting struct {
	io.ReadCloser
	ctx   context.Context
	begun chan struct{}
	given bool
}

func (h *halting) Read(p []byte) (int, error) {
	if !h.given {
		h.given = true
		return h.ReadCloser.Read(p[:1])
	}
	close(h.begun)
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func TestReadIsBounded(t *testing.T) {
	s := plain(t)
	s.put(t, "there", noise(1, 1000))
	open := func(t *testing.T, ctx context.Context, stall time.Duration) (*fetcher.Found, chan struct{}) {
		begun := make(chan struct{})
		tapped := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
			res.Body = &halting{ReadCloser: res.Body, ctx: req.Context(), begun: begun}
			return res, nil
		}}
		f, err := s.place(t, func(o *s3.Options) { o.Transport, o.StallTimeout = tapped, stall }).Open(ctx, fetcher.Want{Name: "there"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Body.Close() })
		return f, begun
	}
	t.Run("a stall", func(t *testing.T) {
		f, _ := open(t, t.Context(), 20*time.Millisecond)
		if data, err := io.ReadAll(f.Body); !errors.Is(err, os.ErrDeadlineExceeded) || len(data) != 1 {
			t.Fatalf("read %d bytes, %v; want 1 and os.ErrDeadlineExceeded", len(data), err)
		}
	})
	t.Run("the context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f, begun := open(t, ctx, time.Hour)
		go func() {
			<-begun
			cancel()
		}()
		if _, err := io.ReadAll(f.Body); !errors.Is(err, context.Canceled) {
			t.Fatalf("read: %v; want context.Canceled", err)
		}
	})
}

func TestPlaceConforms(t *testing.T) {
	fetchertest.TestPlace(t, func(t *testing.T) fetchertest.Shelf {
		s := plain(t)
		w := &weather{RoundTripper: s.Transport}
		return fetchertest.Shelf{
			Place: s.place(t, func(o *s3.Options) { o.Prefix, o.Transport = "a prefix", w }),
			Put:   func(name string, data []byte) { s.put(t, "a prefix/"+name, data) },
			Stall: w.stall,
		}
	})
}
