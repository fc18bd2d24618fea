package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// lockWait bounds the wait for the lock of the state directory. It is held for
// single renames and small files, and by Install while it hashes.
const lockWait = 30 * time.Second

// errWouldBlock is what tryLock returns when another descriptor has the lock.
var errWouldBlock = errors.New("locked by another descriptor")

// lock makes the state directory where needed and takes its lock, which keeps
// out other goroutines and other masters. The caller calls the function that
// it returns.
func (s *Store) lock(ctx context.Context) (unlock func(), err error) {
	if err := s.makeDir(); err != nil {
		return nil, err
	}
	path := filepath.Join(s.dir, lockFile)
	f, err := openLock(path)
	if err != nil {
		return nil, fmt.Errorf("open lock %q: %w", path, advise(err, s.dir))
	}
	if err := waitLock(ctx, f); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %q: %w", path, err)
	}
	return func() {
		// Explicitly, as a child between fork and exec still has the
		// descriptor: the lock would outlive the Close by that moment.
		unlockFile(f)
		f.Close()
	}, nil
}

// waitLock polls: flock(2) with a wait cannot be called off but by a signal.
func waitLock(ctx context.Context, f *os.File) error {
	timeout := time.NewTimer(lockWait)
	defer timeout.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		err := tryLock(f, exclusive)
		if !errors.Is(err, errWouldBlock) {
			return err
		}
		again := time.NewTimer(pause)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
			return ctx.Err()
		case <-timeout.C:
			again.Stop()
			return fmt.Errorf("%w, for more than %v: look for a stopped or hanging process (fuser shows it)", ErrLocked, lockWait)
		}
	}
}
