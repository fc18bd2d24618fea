package store

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// Restore puts the previous binary back in the place of the installed one, by
// one rename. It is for a release that turned out bad while it was being
// installed. It waits for the lock of the state directory, bounded and until ctx
// ends.
//
// Errors that can be matched: those of ctx, [ErrVanished], [ErrNotWritable],
// [ErrNoSpace], [ErrLocked]; fs.ErrNotExist where no previous binary is kept.
func (s *Store) Restore(ctx context.Context) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return s.layout.restoreLocked(ctx)
}

func (s binary) restoreLocked(ctx context.Context) error {
	at, err := s.resolve()
	if err != nil {
		return err
	}
	previous := s.previousPath(at)
	have, err := os.Lstat(previous)
	if err != nil {
		return fmt.Errorf("restore %q: %w", at.path, err)
	}
	if os.SameFile(have, at.info) {
		return nil // rename(2) of two names of one file does nothing
	}
	temp := durable.Temp(at.path)
	err = s.disk.Link(previous, temp)
	if err != nil {
		os.Remove(temp) // the flush may have failed after the link
		err = s.copyFile(ctx, location{path: previous, dir: at.dir, info: have}, temp)
	}
	if err == nil {
		err = s.disk.Replace(temp, at.path)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("restore %q: %w", at.path, advise(err, at.dir))
	}
	return nil
}
