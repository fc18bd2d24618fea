package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// CanUpgrade says why an upgrade is not possible now and what to do about it,
// or nil. It writes nothing, and nothing else depends on it: a program that
// cannot be upgraded still starts, serves and restarts.
//
// Errors that can be matched: [ErrNotWritable], [ErrNoExec], [ErrVanished],
// [ErrNotFile], [ErrNotLink], [ErrUnsafeDir], [ErrCarry],
// [errors.ErrUnsupported]. Several may be joined.
func (s *Store) CanUpgrade() error { return s.layout.able() }

func (s binary) able() error {
	at, err := s.resolve()
	if err != nil {
		return fmt.Errorf("upgrade %q: %w", s.target, err)
	}
	err = errors.Join(checkPlace(at.dir), s.checkStateDir(), canCarry(at))
	if err != nil {
		return fmt.Errorf("upgrade %q: %w", at.path, err)
	}
	return nil
}

// checkPlace says whether a program can be put into dir and run there.
func checkPlace(dir string) error {
	if err := checkMount(dir); err != nil {
		return err
	}
	return advise(writable(dir), dir)
}

// checkMount says whether the filesystem of dir allows it.
func checkMount(dir string) error {
	readOnly, noExec := mountFlags(dir)
	if readOnly {
		return fmt.Errorf("%q is %w, its filesystem is mounted read-only: move the program to one that is not, or allow writing to it (ReadWritePaths= in a systemd unit)", dir, ErrNotWritable)
	}
	if noExec {
		return fmt.Errorf("%q: %w: move the program to another filesystem, or mount this one with exec", dir, ErrNoExec)
	}
	return nil
}

// checkStateDir says whether the state directory can be used, or made.
func (s *Store) checkStateDir() error {
	have, err := s.haveDir()
	if err != nil {
		return err
	}
	dir := s.dir
	if !have {
		dir = filepath.Dir(dir)
	}
	for {
		err := writable(dir)
		if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir {
			return advise(err, dir)
		}
		dir = filepath.Dir(dir)
	}
}
