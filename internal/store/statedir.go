package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeDir makes the state directory where it is not there, and refuses one
// that another user could have prepared.
func (s *Store) makeDir() error {
	err := s.checkDir()
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.mkdirAll(s.dir); err != nil {
			return fmt.Errorf("make state directory %q: %w", s.dir, advise(err, filepath.Dir(s.dir)))
		}
		err = s.checkDir()
	}
	if err != nil {
		return err
	}
	if err := s.flushDirName(); err != nil {
		return fmt.Errorf("flush the name of state directory %q: %w", s.dir, err)
	}
	return nil
}

// mkdirAll is os.MkdirAll with each new name flushed.
func (s *Store) mkdirAll(dir string) error {
	err := s.disk.Mkdir(dir, 0o700)
	switch {
	case err == nil:
		s.noteFlushed(dir)
		return nil
	case errors.Is(err, fs.ErrExist):
		return nil // another master was faster; checkDir judges what is there
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
		if err := s.mkdirAll(filepath.Dir(dir)); err != nil {
			return err
		}
		if err := s.disk.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	default:
		return err
	}
}

// checkDir says whether the state directory may be trusted. An absent one is
// an error that matches [fs.ErrNotExist].
func (s *Store) checkDir() error {
	info, err := os.Lstat(s.dir)
	if err != nil {
		return fmt.Errorf("look at state directory %q: %w", s.dir, err)
	}
	const remedy = "remove it, or set StateDir to a directory of this user's own with mode 0700"
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%w: %q is a symbolic link; set StateDir to what it points to", ErrUnsafeDir, s.dir)
	case !info.IsDir():
		return fmt.Errorf("%w: %q is a %s: %s", ErrUnsafeDir, s.dir, kind(info), remedy)
	case !ownedByUs(info):
		return fmt.Errorf("%w: %q belongs to another user than %d: %s", ErrUnsafeDir, s.dir, os.Geteuid(), remedy)
	case info.Mode().Perm()&0o022 != 0 && modeCounts:
		return fmt.Errorf("%w: others may write %q (mode %04o): chmod go-w it, or set StateDir to another", ErrUnsafeDir, s.dir, info.Mode().Perm())
	}
	return nil
}

// haveDir reports whether the state directory is there. While it is not,
// nothing was ever recorded.
func (s *Store) haveDir() (bool, error) {
	err := s.checkDir()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
