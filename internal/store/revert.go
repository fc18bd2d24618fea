package store

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/release"
)

// ErrNoPrevious means that there is nothing to go back to.
var ErrNoPrevious = errors.New("no previous program is kept")

// HasPrevious reports whether the program that was installed before is kept.
func (s *Store) HasPrevious() bool { return s.layout.hasPrevious() }

// StagePrevious stages the program that was installed before: a copy of it, as
// Install makes what it replaces the previous one. It was trusted when it was
// installed, and stands where nobody else may write. It blocks as Stage does.
//
// Errors that can be matched: those of [Store.Stage], [ErrNoPrevious], and
// [errors.ErrUnsupported] of a directory release.
func (s *Store) StagePrevious(ctx context.Context) (*Staged, error) {
	f, err := s.layout.openPrevious()
	if err != nil {
		return nil, fmt.Errorf("stage the previous program: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close() // only read
		return nil, fmt.Errorf("stage the previous program: %w", err)
	}
	in, err := s.newIntake(release.Candidate{Source: "previous", Body: f, Size: info.Size()})
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("stage the previous program: %w", err)
	}
	defer in.end()
	st, err := s.stage(ctx, in, max(info.Size(), DefaultMaxSize))
	if err != nil {
		return nil, fmt.Errorf("stage the previous program: %w", err)
	}
	return st, nil
}

func (s binary) hasPrevious() bool {
	at, err := s.resolve()
	if err != nil {
		return false
	}
	info, err := os.Lstat(s.previousPath(at))
	return err == nil && info.Mode().IsRegular() && !os.SameFile(info, at.info)
}

func (s binary) openPrevious() (*os.File, error) {
	if err := s.checkDir(); err != nil {
		if isAbsent(err) {
			err = ErrNoPrevious
		}
		return nil, err
	}
	at, err := s.resolve()
	if err != nil {
		return nil, err
	}
	path := s.previousPath(at)
	f, err := openRead(path)
	if isAbsent(err) {
		return nil, ErrNoPrevious
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%q: %w", path, ErrNotFile)
	}
	return f, nil
}

// The trees of releases are kept without their archives, by which alone one could
// be proven to be what was unpacked.
func (t trees) hasPrevious() bool { return false }

func (t trees) openPrevious() (*os.File, error) {
	return nil, fmt.Errorf("%w: publish the release anew under a higher number", errors.ErrUnsupported)
}
