package oci_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/fetchertest"
	"github.com/seed-3d078585/overseer/fetcher/oci"
)

const smallBound = 1 << 20

// weather is what a network does.
type weather struct {
	http.RoundTripper
	mu      sync.Mutex
	asked   chan struct{} // not nil: take questions and answer none
	stalled chan struct{} // closed at the end of that
}

func (w *weather) stall() (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked, stalled := make(chan struct{}), make(chan struct{})
	w.asked, w.stalled = asked, stalled
	return asked, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = nil
		close(stalled)
	}
}

func (w *weather) RoundTrip(req *http.Request) (*http.Response, error) {
	w.mu.Lock()
	asked, stalled := w.asked, w.stalled
	w.mu.Unlock()
	if asked != nil {
		close(asked)
		select {
		case <-stalled:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	return w.RoundTripper.RoundTrip(req)
}

func TestConformanceOfAManifest(t *testing.T) {
	s := start(t)
	repositories := 0
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		repositories++
		w := &weather{RoundTripper: s.Transport}
		o := s.options()
		o.Reference += fmt.Sprint(repositories) // of each test its own
		place := s.place(t, func(p *oci.Options) { p.Reference, p.Client = o.Reference, &http.Client{Transport: w} })
		seq := uint64(0)
		publish := func(program []byte) {
			seq++
			if _, err := oci.Push(t.Context(), treeOf(t, seq, program, nil), o); err != nil {
				t.Fatal(err)
			}
		}
		publish([]byte("the release before the first"))
		return fetchertest.Source{
			Fetcher: &fetcher.Manifest{Place: place, Name: "stable.json", Interval: time.Millisecond, MaxSize: smallBound},
			Publish: publish,
			Change:  publish,
			Flood:   func() { publish(make([]byte, smallBound+1)) },
			Stall:   w.stall,
		}
	})
}

// The whole way: a directory is pushed, and a host that runs the release before
// fetches the manifest, what proves it, and a patch.
func TestManifestFromARegistry(t *testing.T) {
	s := start(t)
	push := func(n byte) []byte {
		from := tree(t, n)
		if _, err := oci.Push(t.Context(), from, s.options()); err != nil {
			t.Fatal(err)
		}
		return from["stable.json"].Data
	}
	push(1)
	tp := &tap{RoundTripper: s.Transport}
	source := &fetcher.Manifest{Place: s.place(t, tapped(tp)), Name: "stable.json", Interval: time.Millisecond}
	one := programOf(1)
	source.SetHost(fetcher.Host{Scratch: t.TempDir(), Installed: func(context.Context) (fetcher.Installed, error) {
		return fetcher.Installed{ReaderAt: bytes.NewReader(one), Closer: io.NopCloser(nil), Size: int64(len(one)), Digest: sha256.Sum256(one)}, nil
	}})
	if err := source.Init(); err != nil {
		t.Fatal(err)
	}
	if got := take(t, source); !bytes.Equal(got, one) {
		t.Fatalf("fetched %d bytes; want the first release", len(got))
	}
	tp.take()
	if r, err := source.Fetch(); r != nil || err != nil {
		t.Fatalf("Fetch = %v, %v after it was taken; want nil, nil", r, err)
	}
	if asked := tp.take(); !slices.Equal(asked, []string{"HEAD /v2/team/app/manifests/stable"}) {
		t.Fatalf("a look at what was taken cost %q; want a HEAD", asked)
	}
	manifest := push(2)
	r, err := source.Fetch()
	if err != nil || r == nil {
		t.Fatalf("Fetch = %v, %v; want the second release", r, err)
	}
	about := fetcher.Describe(r).Statement
	if about == nil || !bytes.Equal(about.Manifest, manifest) || string(about.Signatures) != "of the manifest" || string(about.KeysSignatures) != "of the keys" {
		t.Fatalf("the statement is %+v; want the second manifest, its signature, and the keys with theirs", about)
	}
	two := programOf(2)
	whole := fmt.Sprintf("/blobs/sha256:%x", sha256.Sum256(two))
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, two) {
		t.Fatalf("fetched %d bytes, %v; want the second release", len(got), err)
	}
	for _, request := range tp.take() {
		if strings.HasSuffix(request, whole) {
			t.Fatalf("the whole program was fetched, where a patch is enough: %s", request)
		}
	}
}

func take(t *testing.T, f fetcher.Interface) []byte {
	t.Helper()
	r, err := f.Fetch()
	if err != nil || r == nil {
		t.Fatalf("Fetch = %v, %v; want a release", r, err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	r.(fetcher.Receipt).Taken()
	return data
}
