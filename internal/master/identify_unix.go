//go:build unix

package master

import (
	"fmt"

	"github.com/seed-3d078585/overseer/internal/digests"
)

// identify gives a binary its digests, once it runs: what the runtime and the
// code before Run take does not come on top of the hashing, and the program does
// not begin before its digests are known. What is hashed is what runs: the file
// is open, and on Linux nobody can write to it any more (ETXTBSY, execve(2)).
//
// A program of another language may be a script, to which that does not apply, so
// nothing is remembered of it.
func (m *Master) identify(bin *binary) error {
	switch {
	case !bin.digest.IsZero():
		return nil
	case m.cfg.Command != nil:
		return hash(bin)
	}
	return bin.take(m.cfg.Digests.Of(bin.file))
}

// hash is identify for what is to be known for certain, whatever is remembered.
func hash(bin *binary) error {
	return bin.take(digests.Sum(bin.file))
}

func (bin *binary) take(sums digests.Sums, err error) error {
	if err != nil {
		return fmt.Errorf("hash the program's binary: %w", err)
	}
	bin.digest, bin.id = sums.Digest, sums.ID
	return nil
}

// keepDigests has what was found be remembered for the next master.
func (m *Master) keepDigests() {
	m.disk.do(func() {
		if err := m.cfg.Digests.Keep(); err != nil {
			m.cfg.Log.Info("the next start hashes the program again", "error", err)
		}
	})
}
