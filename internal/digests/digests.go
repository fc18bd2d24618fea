package digests

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"math"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// Sums are the digests of one binary.
type Sums struct {
	Digest release.Digest `json:"digest"` // SHA-256
	ID     string         `json:"id"`     // SHA-1 in hexadecimal: State.ID of the older API
}

// piece is what is read and hashed at a time, in bytes: it stays in a processor's
// cache.
const piece = 64 << 10

// Sum returns the digests of a file. The two are computed side by side, and each
// reads for itself: on a busy machine a piece that is handed from one to the other
// waits for a processor, and that takes longer than to read it twice.
func Sum(r io.ReaderAt) (Sums, error) {
	id, digest := sha1.New(), sha256.New()
	var errs [2]error
	var other sync.WaitGroup
	other.Go(func() { errs[0] = read(id, r) })
	errs[1] = read(digest, r)
	other.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return Sums{}, err
	}
	return Sums{Digest: release.Digest(digest.Sum(nil)), ID: hex.EncodeToString(id.Sum(nil))}, nil
}

func read(h hash.Hash, r io.ReaderAt) error {
	_, err := io.CopyBuffer(h, io.NewSectionReader(r, 0, math.MaxInt64), make([]byte, piece))
	return err
}

// valid reports whether sums that were read can be some.
func (s Sums) valid() bool {
	id, err := hex.DecodeString(s.ID)
	return err == nil && len(id) == sha1.Size && !s.Digest.IsZero()
}
