package delta_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3d078585/overseer/delta"
)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "bsdiff40", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The patches were made by bsdiff 4.3. The other direction, and all else that
// needs a writer of bzip2, is tested in cmd/internal/bsdiff40.
func TestReadBSDIFF40(t *testing.T) {
	old, new := testdata(t, "old"), testdata(t, "new")
	for _, row := range []struct {
		patch    string
		old, new []byte
	}{
		{"old-new.patch", old, new},
		{"same.patch", old, old},
	} {
		patch := testdata(t, row.patch)
		got, err := apply(row.old, patch, int64(len(row.new)))
		if err != nil || !bytes.Equal(got, row.new) {
			t.Errorf("%s: got %d bytes and error %v, want the %d of the new program", row.patch, len(got), err, len(row.new))
		}
		if len(row.new) > 0 {
			if _, err := apply(row.old, patch, int64(len(row.new))-1); !errors.Is(err, delta.ErrTooLarge) {
				t.Errorf("%s: a byte more than allowed: got error %v, want ErrTooLarge", row.patch, err)
			}
		}
		info, err := delta.ReadInfo(bytes.NewReader(patch), int64(len(patch)))
		want := delta.Info{Format: delta.BSDIFF40, NewSize: int64(len(row.new))}
		if err != nil || info != want {
			t.Errorf("%s: info: got %+v, %v; want %+v", row.patch, info, err, want)
		}
	}
}

// The format has no checksum of the program, but bzip2 has one of each block:
// what is damaged beside that is the header.
func TestDamagedBSDIFF40(t *testing.T) {
	old, new, patch := testdata(t, "old"), testdata(t, "new"), testdata(t, "old-new.patch")
	for n := range patch {
		if got, err := apply(old, patch[:n], 1<<20); !isDamage(err) {
			t.Errorf("%d bytes of a patch of %d: got %d bytes and error %v, want one that matches ErrCorrupt or ErrFormat", n, len(patch), len(got), err)
		}
	}
	for i := range patch {
		for _, flip := range []byte{0xff} {
			bad := bytes.Clone(patch)
			bad[i] ^= flip
			got, err := apply(old, bad, 1<<20)
			if err == nil && !bytes.Equal(got, new) {
				t.Logf("byte %d flipped by %#x: got %d bytes that are wrong, and no error", i, flip, len(got))
			}
			size, _ := delta.Size(bytes.NewReader(bad), int64(len(bad)))
			if int64(len(got)) > size {
				t.Errorf("byte %d flipped by %#x: got %d bytes, more than the %d that are claimed", i, flip, len(got), size)
			}
		}
	}
}
