package digests

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// Sums are the digests of one binary.
type Sums struct {
	Digest release.Digest `json:"digest"` // SHA-256
	ID     string         `json:"id"`     // SHA-1 in hexadecimal: State.ID of the older API
}

const (
	piece  = 64 << 10 // bytes that are read and hashed at a time: they stay in a processor's cache
	pieces = 4        // that are on their way from one hash to the other
)

// Sum reads to the end and returns the digests of what it has read. The two are
// computed side by side, each at its own pace: to wait for each other at every
// piece costs more than the hashing.
func Sum(r io.Reader) (Sums, error) {
	read, free := make(chan []byte, pieces), make(chan []byte, pieces)
	for range pieces {
		free <- make([]byte, piece)
	}
	id, digest := sha1.New(), sha256.New()
	var other sync.WaitGroup
	other.Go(func() {
		for p := range read {
			digest.Write(p)
			free <- p[:piece]
		}
	})
	var err error
	for err == nil {
		var n int
		p := <-free
		n, err = io.ReadFull(r, p)
		read <- p[:n] // nobody writes to it before it is free again, and only this loop takes it then
		id.Write(p[:n])
	}
	close(read)
	other.Wait()
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Sums{}, err
	}
	return Sums{Digest: release.Digest(digest.Sum(nil)), ID: hex.EncodeToString(id.Sum(nil))}, nil
}

// valid reports whether sums that were read can be some.
func (s Sums) valid() bool {
	id, err := hex.DecodeString(s.ID)
	return err == nil && len(id) == sha1.Size && !s.Digest.IsZero()
}
