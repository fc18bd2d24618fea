package store

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/release"
)

// Installed returns the digest of what is installed at this moment.
//
// Errors that can be matched: those of ctx, [ErrVanished], [ErrNotFile].
func (s *Store) Installed(ctx context.Context) (release.Digest, error) {
	return s.layout.installed(ctx)
}

func (s binary) installed(ctx context.Context) (release.Digest, error) {
	f, d, err := s.openInstalled(ctx)
	if err != nil {
		return release.Digest{}, err
	}
	return d, f.Close()
}

// OpenInstalled opens what is installed at this moment, and hashes it: what is
// read from the file later is what was hashed, as an install replaces the name
// and never the bytes. Of a directory release it is the archive.
//
// Errors that can be matched: those of ctx, [ErrVanished], [ErrNotFile],
// [ErrNoArchive].
func (s *Store) OpenInstalled(ctx context.Context) (*os.File, release.Digest, error) {
	return s.layout.openInstalled(ctx)
}

func (s binary) openInstalled(ctx context.Context) (*os.File, release.Digest, error) {
	at, err := s.resolve()
	if err != nil {
		return nil, release.Digest{}, err
	}
	f, err := openRead(at.path)
	if err != nil {
		return nil, release.Digest{}, vanished(at.path, err)
	}
	info, err := f.Stat()
	if err == nil {
		var d release.Digest
		if d, err = digestOf(ctx, f, info.Size()); err == nil {
			return f, d, nil
		}
	}
	f.Close() // only read
	return nil, release.Digest{}, fmt.Errorf("hash %q: %w", at.path, err)
}
