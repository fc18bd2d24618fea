package digests

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/iotest"

	"github.com/seed-3d078585/overseer/release"
)

func TestSum(t *testing.T) {
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, pieces*piece + 7, 3 * pieces * piece} {
		data := bytes.Repeat([]byte("overseer"), size/8+1)[:size]
		got, err := Sum(iotest.HalfReader(bytes.NewReader(data)))
		if want := sums(data); err != nil || got != want {
			t.Errorf("%d bytes: %v, %v, want %v", size, got, err, want)
		}
	}
	broken := errors.New("broken")
	for _, before := range []int{0, 1, piece, 9 * piece} {
		r := io.MultiReader(bytes.NewReader(make([]byte, before)), iotest.ErrReader(broken))
		if got, err := Sum(r); !errors.Is(err, broken) {
			t.Errorf("broken after %d bytes: %v, %v, want %v", before, got, err, broken)
		}
	}
}

func sums(data []byte) Sums {
	return Sums{Digest: release.Digest(sha256.Sum256(data)), ID: fmt.Sprintf("%x", sha1.Sum(data))}
}
