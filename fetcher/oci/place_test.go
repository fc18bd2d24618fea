package oci_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/oci"
)

var _ fetcher.Place = (*oci.Place)(nil)

func TestOpen(t *testing.T) {
	s := start(t)
	from := tree(t, 2)
	pushed, err := oci.Push(t.Context(), from, s.options())
	if err != nil {
		t.Fatal(err)
	}
	p := s.place(t)
	program := program1(from)
	data := from[program].Data
	for _, name := range sent(from) {
		f, got := read(t, p, fetcher.Want{Name: name})
		if !bytes.Equal(got, from[name].Data) || f.Size != int64(len(got)) || f.Offset != 0 || f.Version == "" {
			t.Errorf("%q: %d bytes, size %d, offset %d, version %q; want %d bytes, with a version", name, len(got), f.Size, f.Offset, f.Version, len(from[name].Data))
		}
	}
	manifest, _ := read(t, p, fetcher.Want{Name: "stable.json"})
	if manifest.Version != pushed.Digest.String() {
		t.Fatalf("the version of the manifest is %q; want the artifact's, %s", manifest.Version, pushed.Digest)
	}
	f, _ := read(t, p, fetcher.Want{Name: program})
	for _, offset := range []int64{1, 70_000, int64(len(data)) - 1, int64(len(data))} {
		rest, got := read(t, p, fetcher.Want{Name: program, Offset: offset, Version: f.Version})
		if !bytes.Equal(got, data[offset:]) || rest.Offset != offset || rest.Size != f.Size || rest.Version != f.Version {
			t.Errorf("from %d on: %d bytes, size %d, offset %d; want the rest of %d", offset, len(got), rest.Size, rest.Offset, len(data))
		}
	}
	for _, row := range []struct {
		name string
		want fetcher.Want
		err  error
	}{
		{"the same manifest", fetcher.Want{Name: "stable.json", Unless: manifest.Version}, fetcher.ErrNotModified},
		{"the same program", fetcher.Want{Name: program, Unless: f.Version}, fetcher.ErrNotModified},
		{"another program", fetcher.Want{Name: program, Offset: 5, Version: manifest.Version}, fetcher.ErrChanged},
		{"another manifest", fetcher.Want{Name: "stable.json", Offset: 5, Version: f.Version}, fetcher.ErrChanged},
		{"beyond the end", fetcher.Want{Name: program, Offset: 1 << 30}, fetcher.ErrChanged},
		{"not of this release", fetcher.Want{Name: "signatures/0000.minisig"}, fs.ErrNotExist},
		{"another channel", fetcher.Want{Name: "beta.json"}, fs.ErrNotExist},
		{"outside", fetcher.Want{Name: "../stable.json"}, fs.ErrInvalid},
	} {
		t.Run(row.name, func(t *testing.T) {
			if f, err := p.Open(t.Context(), row.want); !errors.Is(err, row.err) {
				t.Fatalf("Open(%+v) = %+v, %v; want an error that matches %v", row.want, f, err, row.err)
			}
		})
	}
	if p.String() != "oci://registry.test/team/app:stable" {
		t.Fatalf("String() = %q", p)
	}
}

// What is opened after a manifest is of the same moment, until the manifest is
// opened again.
func TestOpenIsOfOneMoment(t *testing.T) {
	s := start(t)
	one, two := tree(t, 1), tree(t, 2)
	push := func(n byte) {
		if _, err := oci.Push(t.Context(), tree(t, n), s.options()); err != nil {
			t.Fatal(err)
		}
	}
	push(1)
	tp := &tap{RoundTripper: s.Transport}
	p := s.place(t, tapped(tp))
	first, got := read(t, p, fetcher.Want{Name: "stable.json"})
	if !bytes.Equal(got, one["stable.json"].Data) {
		t.Fatal("the manifest is not the one that was pushed")
	}
	push(2)
	if _, got = read(t, p, fetcher.Want{Name: program1(one)}); !bytes.Equal(got, one[program1(one)].Data) {
		t.Fatal("the program is not that of the manifest")
	}
	if _, err := p.Open(t.Context(), fetcher.Want{Name: program1(two)}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Open of a program of the next release, before its manifest: %v; want fs.ErrNotExist", err)
	}
	second, got := read(t, p, fetcher.Want{Name: "stable.json", Unless: first.Version})
	if !bytes.Equal(got, two["stable.json"].Data) || second.Version == first.Version {
		t.Fatal("the manifest is not the second one")
	}
	read(t, p, fetcher.Want{Name: program1(two)})

	tp.take()
	for range 3 {
		if _, err := p.Open(t.Context(), fetcher.Want{Name: "stable.json", Unless: second.Version}); !errors.Is(err, fetcher.ErrNotModified) {
			t.Fatalf("Open: %v; want fetcher.ErrNotModified", err)
		}
	}
	if asked := tp.take(); !slices.Equal(asked, slices.Repeat([]string{"HEAD /v2/team/app/manifests/stable"}, 3)) {
		t.Fatalf("three questions cost %q; want a HEAD each", asked)
	}
}

func TestOpenRefused(t *testing.T) {
	s := start(t)
	if _, err := oci.Push(t.Context(), tree(t, 1), s.options()); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name    string
		change  func(*oci.Options)
		code    int
		missing bool
	}{
		{"a wrong password", func(o *oci.Options) { o.Password = "wrong" }, http.StatusUnauthorized, false},
		{"nobody", func(o *oci.Options) { o.Username, o.Password = "", "" }, http.StatusUnauthorized, false},
		{"no such tag", func(o *oci.Options) { o.Tag = "beta" }, 0, true},
		{"no such repository", func(o *oci.Options) { o.Reference = host + "/team/other" }, 0, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := s.place(t, row.change).Open(t.Context(), fetcher.Want{Name: "stable.json"})
			status, ok := errors.AsType[*fetcher.StatusError](err)
			if err == nil || ok != (row.code != 0) || ok && status.Code != row.code || errors.Is(err, fs.ErrNotExist) != row.missing {
				t.Fatalf("Open: %v; want the status %d, or a missing file: %v", err, row.code, row.missing)
			}
		})
	}
}

func TestOpenAnswers(t *testing.T) {
	s := start(t)
	from := tree(t, 1)
	if _, err := oci.Push(t.Context(), from, s.options()); err != nil {
		t.Fatal(err)
	}
	program := program1(from)
	size := len(from[program].Data)
	answer := func(code int, header http.Header, body string) func(*http.Response) {
		return func(res *http.Response) {
			res.Body.Close()
			res.StatusCode, res.Body, res.ContentLength = code, io.NopCloser(strings.NewReader(body)), -1
			for name := range header {
				res.Header.Set(name, header.Get(name))
			}
		}
	}
	wrong := bytes.Clone(from[program].Data)
	wrong[size/2]++
	for _, row := range []struct {
		name   string
		change func(*http.Response)
		offset int64
		check  func(error) bool
	}{
		{"too many requests, for a minute", answer(429, http.Header{"Retry-After": {"60"}}, ""), 0, after(time.Minute)},
		{"too many requests, for ever", answer(429, http.Header{"Retry-After": {"999999999"}}, ""), 0, after(24 * time.Hour)},
		{"no pause stated", answer(429, nil, ""), 0, after(5 * time.Second)},
		{"unavailable until a date", answer(503, http.Header{"Retry-After": {"Mon, 02 Jan 2006 15:04:05 GMT"}}, ""), 0, after(0)},
		{"unavailable", answer(503, nil, "later"), 0, code(503)},
		{"collected", answer(404, nil, ""), 0, is(fs.ErrNotExist)},
		{"a wrong range", answer(206, http.Header{"Content-Range": {"bytes 6-9/10"}}, ""), 5, says("from 5 on")},
		{"an unreadable range", answer(206, http.Header{"Content-Range": {"bytes"}}, ""), 5, says("from 5 on")},
		{"a wrong length", func(res *http.Response) { res.ContentLength = 5 }, 0, says("sends 5 bytes")},
		{"fewer bytes", answer(200, nil, "short"), 0, is(io.ErrUnexpectedEOF)},
		{"more bytes", answer(200, nil, strings.Repeat("x", size+1)), 0, is(fetcher.ErrChanged)},
		{"other bytes", answer(200, nil, string(wrong)), 0, is(fetcher.ErrChanged)},
	} {
		t.Run(row.name, func(t *testing.T) {
			tp := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
				if strings.Contains(req.URL.Path, "/blobs/") && res.StatusCode < 400 {
					row.change(res)
				}
				return res, nil
			}}
			attempts := func(o *oci.Options) {
				if strings.HasPrefix(row.name, "too many requests,") || strings.Contains(row.name, "a date") {
					o.Attempts = 0 // a registry that asks for a pause is not asked again meanwhile
				}
			}
			f, err := s.place(t, tapped(tp), attempts).Open(t.Context(), fetcher.Want{Name: program, Offset: row.offset})
			if err == nil {
				defer f.Body.Close()
				_, err = io.ReadAll(f.Body)
			}
			if err == nil || !row.check(err) {
				t.Fatalf("Open and read: %v", err)
			}
		})
	}
	t.Run("no ranges", func(t *testing.T) {
		tp := &tap{RoundTripper: rangeless{s.Transport}}
		f, got := read(t, s.place(t, tapped(tp)), fetcher.Want{Name: program, Offset: 5})
		if f.Offset != 0 || !bytes.Equal(got, from[program].Data) {
			t.Fatalf("found %d bytes from %d on; want the whole, from 0", len(got), f.Offset)
		}
	})
	t.Run("no digest to HEAD", func(t *testing.T) {
		tp := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
			res.Header.Del("Docker-Content-Digest")
			return res, nil
		}}
		if _, got := read(t, s.place(t, tapped(tp)), fetcher.Want{Name: "stable.json"}); !bytes.Equal(got, from["stable.json"].Data) {
			t.Fatal("the manifest is another one")
		}
	})
}

// A rangeless registry does without what is optional.
type rangeless struct{ http.RoundTripper }

func (r rangeless) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Del("Range")
	return r.RoundTripper.RoundTrip(req)
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

// A halting body gives some bytes, says so, and no more until its request ends.
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
	s := start(t)
	from := tree(t, 1)
	if _, err := oci.Push(t.Context(), from, s.options()); err != nil {
		t.Fatal(err)
	}
	open := func(t *testing.T, ctx context.Context, stall time.Duration) (*fetcher.Found, chan struct{}) {
		begun := make(chan struct{})
		tp := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
			if strings.Contains(req.URL.Path, "/blobs/") && res.StatusCode == http.StatusOK {
				res.Body = &halting{ReadCloser: res.Body, ctx: req.Context(), begun: begun}
			}
			return res, nil
		}}
		f, err := s.place(t, tapped(tp), func(o *oci.Options) { o.StallTimeout = stall }).Open(ctx, fetcher.Want{Name: program1(from)})
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

// What a tag leads to may be anything.
func TestForeignArtifacts(t *testing.T) {
	s := start(t)
	const empty = `"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}`
	layer := func(title, sum string) string {
		return `{"mediaType":"m","size":2,"digest":"` + sum + `","annotations":{"org.opencontainers.image.title":"` + title + `"}}`
	}
	const sum = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
	for _, row := range []struct{ name, manifest, says string }{
		{"an image", `{"schemaVersion":2,` + empty + `,"layers":[]}`, "no release"},
		{"not JSON", `<html>`, "no image manifest"},
		{"a title that leads out", artifact(empty, layer("../a", sum)), "want the name of a file"},
		{"no title", artifact(empty, layer("", sum)), "want the name of a file"},
		{"a file twice", artifact(empty, layer("a", sum), layer("a", sum)), "twice"},
		{"a bad digest", artifact(empty, layer("a", "sha256:44")), "digest"},
	} {
		t.Run(row.name, func(t *testing.T) {
			tp := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
				if res.StatusCode == http.StatusNotFound {
					res.Body.Close()
					res.StatusCode, res.Header = http.StatusOK, http.Header{"Content-Type": {"application/vnd.oci.image.manifest.v1+json"}}
					res.ContentLength, res.Body = int64(len(row.manifest)), io.NopCloser(strings.NewReader(row.manifest))
				}
				return res, nil
			}}
			if _, err := s.place(t, tapped(tp)).Open(t.Context(), fetcher.Want{Name: "stable.json"}); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("Open: %v; want an error that says %q", err, row.says)
			}
		})
	}
}

func artifact(config string, layers ...string) string {
	return `{"schemaVersion":2,"artifactType":"` + oci.ArtifactType + `",` + config + `,"layers":[` + strings.Join(layers, ",") + `]}`
}
