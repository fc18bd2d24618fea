package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/fetchertest"
	"github.com/seed-3d078585/overseer/fetcher/s3"
	"github.com/seed-3d078585/overseer/release"
)

// A publisher makes releases in a directory and sends them.
type publisher struct {
	dir fstest.MapFS
	seq uint64
}

// publish adds a program, with a patch from the one before where there is one,
// and returns what its channel's manifest is now.
func (p *publisher) publish(t *testing.T, place *s3.Place, program, before []byte) []byte {
	t.Helper()
	if p.dir == nil {
		p.dir = fstest.MapFS{}
	}
	put := func(name string, data []byte) string {
		p.dir[name] = &fstest.MapFile{Data: data}
		return name
	}
	sum := sha256.Sum256(program)
	a := release.Artifact{Size: int64(len(program)), Digest: sum, URLs: []string{put(fmt.Sprintf("programs/%x", sum), program)}}
	if before != nil {
		var patch bytes.Buffer
		if _, err := delta.Diff(t.Context(), &patch, before, program); err != nil {
			t.Fatal(err)
		}
		from := sha256.Sum256(before)
		a.Deltas = []release.Delta{{
			From: from, Size: int64(patch.Len()), Digest: sha256.Sum256(patch.Bytes()),
			URLs: []string{put(fmt.Sprintf("deltas/%x-%x.delta", from[:8], sum[:8]), patch.Bytes())},
		}}
	}
	p.seq++
	now := time.Now().UTC().Truncate(time.Second)
	manifest, err := release.Manifest{
		Product: "app", Channel: "stable", Seq: p.seq, Version: fmt.Sprintf("1.%d.0", p.seq), Issued: now, Expires: now.Add(time.Hour),
		Artifacts: map[string]release.Artifact{release.Platform(): a},
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	put(fmt.Sprintf("signatures/%x.minisig", sha256.Sum256(manifest)), fmt.Appendf(nil, "of %d", p.seq))
	put("stable.json", manifest)
	if _, err := place.Upload(t.Context(), p.dir, s3.Order{}); err != nil {
		t.Fatalf("Upload: %v", err)
	}
	return manifest
}

func TestConformanceOfAManifest(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		s := plain(t)
		w := &weather{RoundTripper: s.Transport}
		from := s.place(t, func(o *s3.Options) { o.Prefix, o.Transport = "app", w })
		to := s.place(t, func(o *s3.Options) { o.Prefix = "app" })
		p := &publisher{}
		publish := func(program []byte) { p.publish(t, to, program, nil) }
		publish([]byte("the release before the first"))
		return fetchertest.Source{
			Fetcher: &fetcher.Manifest{Place: from, Name: "stable.json", Interval: time.Millisecond, MaxSize: smallBound},
			Publish: publish,
			Change:  publish,
			Flood:   func() { publish(make([]byte, smallBound+1)) },
			Stall:   w.stall,
		}
	})
}

// The whole way: a directory is uploaded, and a host that runs the release before
// fetches the manifest, what proves it, and a patch.
func TestManifestFromABucket(t *testing.T) {
	s := plain(t)
	tapped := &tap{RoundTripper: s.Transport}
	place := s.place(t, func(o *s3.Options) { o.Prefix, o.Transport = "app/v1", tapped })
	p := &publisher{}
	one := noise(1, 300_000)
	two := append(bytes.Clone(one), "one more feature"...)
	p.publish(t, place, one, nil)

	source := &fetcher.Manifest{Place: place, Name: "stable.json", Interval: time.Millisecond}
	source.SetHost(fetcher.Host{Scratch: t.TempDir(), Installed: func(context.Context) (fetcher.Installed, error) {
		return fetcher.Installed{ReaderAt: bytes.NewReader(one), Closer: io.NopCloser(nil), Size: int64(len(one)), Digest: sha256.Sum256(one)}, nil
	}})
	if err := source.Init(); err != nil {
		t.Fatal(err)
	}
	if got := take(t, fetched(t, source)); !bytes.Equal(got, one) {
		t.Fatalf("fetched %d bytes; want the first release", len(got))
	}
	if r, err := source.Fetch(); r != nil || err != nil {
		t.Fatalf("Fetch = %v, %v after it was taken; want nil, nil", r, err)
	}
	manifest := p.publish(t, place, two, one)
	before := len(tapped.requests())
	r := fetched(t, source)
	about := fetcher.Describe(r)
	if about.Statement == nil || !bytes.Equal(about.Statement.Manifest, manifest) || string(about.Statement.Signatures) != "of 2" {
		t.Fatalf("the statement is %+v; want the second manifest and its signature", about.Statement)
	}
	if got := take(t, r); !bytes.Equal(got, two) {
		t.Fatalf("fetched %d bytes; want the second release", len(got))
	}
	for _, req := range tapped.requests()[before:] {
		if req.Method == http.MethodGet && strings.Contains(req.URL.Path, "/programs/") {
			t.Fatalf("the whole program was fetched, where a patch is enough: %s", req.URL.Path)
		}
	}
}

func fetched(t *testing.T, f fetcher.Interface) io.Reader {
	t.Helper()
	r, err := f.Fetch()
	if err != nil || r == nil {
		t.Fatalf("Fetch = %v, %v; want a release", r, err)
	}
	return r
}
