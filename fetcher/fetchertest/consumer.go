package fetchertest

import (
	"bytes"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// offered fetches until there is a release.
func offered(t *testing.T, f fetcher.Interface) io.Reader {
	t.Helper()
	for range tries {
		r, err := f.Fetch()
		if err != nil {
			t.Fatalf("Fetch: %v", err)
		}
		if r != nil {
			return r
		}
	}
	t.Fatalf("Fetch offered nothing in %d calls, though a release is there", tries)
	return nil
}

// quiet wants that there is no release.
func quiet(t *testing.T, f fetcher.Interface) {
	t.Helper()
	for range 3 {
		if r, err := f.Fetch(); r != nil || err != nil {
			t.Fatalf("Fetch = %v, %v after the release was taken; want nil, nil", r, err)
		}
	}
}

func whole(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("read %d bytes and %v; want the %d bytes published and no error", len(got), err, len(want))
	}
	about := fetcher.Describe(r)
	if about.Size != 0 && about.Size != int64(len(want)) {
		t.Fatalf("the candidate states %d bytes, %d came", about.Size, len(want))
	}
	if sum := release.Digest(sha256.Sum256(want)); !about.Digest.IsZero() && about.Digest != sum {
		t.Fatalf("the candidate states SHA-256 %s, bytes of %s came", about.Digest, sum)
	}
}

func first(t *testing.T, r io.Reader) []byte {
	t.Helper()
	b := make([]byte, 1)
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatalf("read the first byte: %v", err)
	}
	return b
}

// take is what a good consumer does.
func take(t *testing.T, r io.Reader, want []byte) {
	t.Helper()
	whole(t, r, want)
	taken(r)
	done(t, r)
}

func taken(r io.Reader) {
	if receipt, ok := r.(fetcher.Receipt); ok {
		receipt.Taken()
	}
}

func done(t *testing.T, r io.Reader) {
	t.Helper()
	if closer, ok := r.(io.Closer); ok {
		if err := closer.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
}
