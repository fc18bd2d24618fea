package delta_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/seed-3d078585/overseer/delta"
)

// FuzzReader reads patches of both formats. Whatever they are, no more comes
// out than is claimed and allowed, and what is an error stays one.
func FuzzReader(f *testing.F) {
	const most = 1 << 20
	old, _, patch := smallPair(f)
	f.Add(old, patch)
	for _, name := range []string{"old-new.patch", "same.patch"} {
		f.Add(testdata(f, "old"), testdata(f, name))
	}
	f.Add([]byte{}, diff(f, nil, make([]byte, 1000)))
	for _, p := range programs(f) {
		f.Add(p.old, diff(f, p.old, p.new))
	}
	f.Fuzz(func(t *testing.T, old, patch []byte) {
		size, err := delta.Size(bytes.NewReader(patch), int64(len(patch)))
		r, opened := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), int64(len(patch)), most)
		if opened != nil {
			return
		}
		defer r.Close()
		if err != nil || size > most {
			t.Fatalf("a patch of claimed size %d, %v was opened", size, err)
		}
		n, err := io.Copy(io.Discard, r)
		if n > size || err == nil && n != size {
			t.Fatalf("got %d bytes and error %v where %d are claimed", n, err, size)
		}
		if err != nil {
			if n, again := r.Read(make([]byte, 1)); n != 0 || again == nil || again == io.EOF {
				t.Fatalf("after the error %v: got %d bytes and error %v", err, n, again)
			}
		}
	})
}

// FuzzDiff makes patches and applies them.
func FuzzDiff(f *testing.F) {
	for _, p := range pairs() {
		f.Add(p.old[:min(len(p.old), 2000)], p.new[:min(len(p.new), 2000)])
	}
	f.Fuzz(func(t *testing.T, old, new []byte) {
		got, err := apply(old, diff(t, old, new), int64(len(new)))
		if err != nil || !bytes.Equal(got, new) {
			t.Fatalf("got %d bytes and error %v, want the %d of the new program", len(got), err, len(new))
		}
	})
}
