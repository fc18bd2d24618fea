package digests

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/seed-3d078585/overseer/release"
)

func TestSum(t *testing.T) {
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 7} {
		data := bytes.Repeat([]byte("overseer"), size/8+1)[:size]
		got, err := Sum(bytes.NewReader(data))
		if want := sums(data); err != nil || got != want {
			t.Errorf("%d bytes: %v, %v, want %v", size, got, err, want)
		}
	}
	for _, whole := range []int64{0, 1, piece, 9 * piece} {
		if got, err := Sum(broken(whole)); !errors.Is(err, errBroken) {
			t.Errorf("broken after %d bytes: %v, %v, want %v", whole, got, err, errBroken)
		}
	}
}

var errBroken = errors.New("broken")

// broken is a file of which so many bytes can be read.
type broken int64

func (b broken) ReadAt(p []byte, at int64) (int, error) {
	if n := int64(b) - at; n < int64(len(p)) {
		return int(max(n, 0)), errBroken
	}
	return len(p), nil
}

func sums(data []byte) Sums {
	return Sums{Digest: release.Digest(sha256.Sum256(data)), ID: fmt.Sprintf("%x", sha1.Sum(data))}
}
