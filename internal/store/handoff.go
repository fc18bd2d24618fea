package store

import (
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/release"
)

// A Handoff is a staged candidate without its descriptor, for a master that
// replaces itself by execve: the descriptor stays open, and the next image makes
// the candidate of both with [Store.Adopt].
type Handoff struct {
	Target string         `json:"target"`
	Path   string         `json:"path"`
	Digest release.Digest `json:"digest"`
	ID     string         `json:"id"`
	Size   int64          `json:"size"`
}

// Handoff returns what [Store.Adopt] needs beside the descriptor.
func (st *Staged) Handoff() Handoff {
	return Handoff{Target: st.target, Path: st.path, Digest: st.digest, ID: st.id, Size: st.size}
}

// Adopt takes over a candidate that this very process staged before its execve.
// The descriptor is the one that was hashed then, and still holds the file's
// lock. On an error, which is that of a store for another target, the caller
// still owns it.
func (s *Store) Adopt(h Handoff, f *os.File) (*Staged, error) {
	at, err := s.layout.place()
	if err != nil {
		return nil, err
	}
	if at.path != h.Target {
		return nil, fmt.Errorf("adopt staged %q: it was staged for %q, and the program is %q now", h.Path, h.Target, at.path)
	}
	return &Staged{store: s, target: h.Target, path: h.Path, digest: h.Digest, id: h.ID, size: h.Size, file: f}, nil
}

// Abandon removes a candidate that nobody adopts.
func (h Handoff) Abandon(f *os.File) error {
	return errors.Join(removeFile(h.Path), f.Close())
}
