//go:build unix

package master

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// piece is what is read and hashed at a time.
const piece = 64 << 10

// digests reads a binary and returns its SHA-256 and its SHA-1. A start waits for
// them, so the two are computed side by side.
func digests(r io.Reader) (release.Digest, string, error) {
	id, sum := sha1.New(), sha256.New()
	buf := make([]byte, piece)
	for {
		n, err := io.ReadFull(r, buf)
		var other sync.WaitGroup
		other.Go(func() { id.Write(buf[:n]) })
		sum.Write(buf[:n])
		other.Wait()
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return release.Digest(sum.Sum(nil)), hex.EncodeToString(id.Sum(nil)), nil
		default:
			return release.Digest{}, "", err
		}
	}
}
