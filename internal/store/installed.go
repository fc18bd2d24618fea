package store

import (
	"context"
	"fmt"

	"github.com/seed-3d078585/overseer/release"
)

// Installed returns the digest of what is installed at this moment.
//
// Errors that can be matched: [ErrVanished], [ErrNotFile].
func (s *Store) Installed() (release.Digest, error) {
	at, err := s.resolve()
	if err != nil {
		return release.Digest{}, err
	}
	f, err := openRead(at.path)
	if err != nil {
		return release.Digest{}, vanished(at.path, err)
	}
	defer f.Close() // only read
	d, err := digestOf(context.Background(), f, at.info.Size())
	if err != nil {
		return release.Digest{}, fmt.Errorf("hash %q: %w", at.path, err)
	}
	return d, nil
}
