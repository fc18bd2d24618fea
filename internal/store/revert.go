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
// Install makes what it replaces the previous one; or the tree that is there, once
// its archive has proven it. It was trusted when it was installed, and stands where
// nobody else may write. It blocks as Stage does.
//
// Errors that can be matched: those of [Store.Stage], and [ErrNoPrevious].
func (s *Store) StagePrevious(ctx context.Context) (*Staged, error) {
	f, digest, err := s.layout.openPrevious()
	if err != nil {
		return nil, fmt.Errorf("stage the previous program: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close() // only read
		return nil, fmt.Errorf("stage the previous program: %w", err)
	}
	in, err := s.newIntake(release.Candidate{Source: "previous", Body: f, Size: info.Size(), Digest: digest})
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

// openPrevious does not know a digest: the bytes tell.
func (s binary) openPrevious() (*os.File, release.Digest, error) {
	var none release.Digest
	if err := s.checkDir(); err != nil {
		if isAbsent(err) {
			err = ErrNoPrevious
		}
		return nil, none, err
	}
	at, err := s.resolve()
	if err != nil {
		return nil, none, err
	}
	path := s.previousPath(at)
	f, err := openRead(path)
	if isAbsent(err) {
		return nil, none, ErrNoPrevious
	}
	if err != nil {
		return nil, none, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, none, fmt.Errorf("%q: %w", path, ErrNotFile)
	}
	return f, none, nil
}

func (t trees) hasPrevious() bool {
	before, err := t.standing(previousLink)
	if err != nil {
		return false
	}
	now, err := t.standing(currentLink)
	return err == nil && now.digest != before.digest && isFile(t.archive(before.digest))
}

// openPrevious opens the archive. Staging it proves it, and finds that its tree
// is there already.
func (t trees) openPrevious() (*os.File, release.Digest, error) {
	var none release.Digest
	before, err := t.standing(previousLink)
	if err != nil {
		return nil, none, fmt.Errorf("%w: %w", ErrNoPrevious, err)
	}
	f, err := openRead(t.archive(before.digest))
	if isAbsent(err) {
		return nil, none, fmt.Errorf("%w: that of %q has no archive: publish it anew under a higher number", ErrNoPrevious, before.root)
	}
	return f, before.digest, err
}
