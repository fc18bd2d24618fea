package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/release"
)

// A Tree is a directory release that somebody runs from. Nobody removes it
// before Close, here or in another master; that is told by a flock(2) on its
// directory, which the kernel drops when the process dies.
type Tree struct {
	Root    string   // the directory, links followed
	Program string   // the path of the program
	File    *os.File // the program, for reading only; closed by Close
	Digest  release.Digest
	ID      string // as [Staged.ID]
	ByHand  bool   // Digest is that of no archive, and names this tree only

	held *os.File
}

// Close lets go of the tree. It may be called again.
func (t *Tree) Close() error {
	err := t.File.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	letGo(t.held)
	return err
}

// Hold opens the installed tree to run from.
//
// Errors that can be matched: those of ctx, [ErrNotTree], [ErrVanished],
// [ErrNotFile].
func (s *Store) Hold(ctx context.Context) (*Tree, error) {
	t, ok := s.layout.(trees)
	if !ok {
		return nil, fmt.Errorf("hold the release of %q: %w", s.target, ErrNotTree)
	}
	// What the link names may have been replaced, and removed, between the look
	// and the lock; not often in a row.
	const tries = 8
	var last error
	for range tries {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		now, err := t.standing(currentLink)
		if err != nil {
			return nil, err
		}
		held, err := hold(now.root)
		if err == nil {
			return t.tree(now, held)
		}
		last = err
	}
	return nil, fmt.Errorf("hold the release of %q: %w", s.target, last)
}

// Hold opens the tree of a candidate to run from, apart from st: it stays when
// st is discarded.
//
// Errors that can be matched: [ErrNotTree], [ErrVanished], [ErrNotFile].
func (st *Staged) Hold() (*Tree, error) {
	t, ok := st.store.layout.(trees)
	if !ok {
		return nil, fmt.Errorf("hold a candidate of %q: %w", st.target, ErrNotTree)
	}
	held, err := hold(st.tree.dir)
	if err != nil {
		return nil, fmt.Errorf("hold a candidate: %w", vanished(st.tree.dir, err))
	}
	return t.tree(standing{root: st.tree.dir, digest: st.digest}, held)
}

func (t trees) tree(now standing, held *os.File) (*Tree, error) {
	f, err := t.open(now)
	if err != nil {
		letGo(held)
		return nil, err
	}
	return &Tree{
		Root:    now.root,
		Program: filepath.Join(now.root, filepath.FromSlash(t.path)),
		File:    f,
		Digest:  now.digest,
		ID:      treeID(now.digest),
		ByHand:  now.byHand,
		held:    held,
	}, nil
}

// treeID is as long as the SHA-1 that names a binary.
func treeID(d release.Digest) string { return d.String()[:40] }

// hold opens a directory with a lock that others may have too.
func hold(dir string) (*os.File, error) {
	f, err := openRead(dir)
	if err != nil {
		return nil, err
	}
	// A filesystem without flock only loses the tidying: what cannot be asked
	// is taken for held.
	if err := tryLock(f, shared); errors.Is(err, errWouldBlock) {
		f.Close() // only read
		return nil, fmt.Errorf("%q is being removed: %w", dir, err)
	}
	if err := stillNamed(f, dir); err != nil {
		letGo(f)
		return nil, err
	}
	return f, nil
}

// stillNamed says whether a path names the directory that is open.
func stillNamed(f *os.File, dir string) error {
	named, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	is, err := f.Stat()
	if err != nil {
		return err
	}
	if !is.IsDir() || !os.SameFile(is, named) {
		return fmt.Errorf("%q is another one now: %w", dir, fs.ErrNotExist)
	}
	return nil
}

// letGo unlocks explicitly, as a child between fork and exec still has the
// descriptor.
func letGo(f *os.File) {
	unlockFile(f)
	f.Close() // only read
}
