package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/internal/archive"
	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/release"
)

// A stagedTree is what a Staged of a directory release has beside the program.
type stagedTree struct {
	dir     string   // the tree
	held    *os.File // its lock
	listing archive.Listing

	archivePath string // what has arrived; it becomes the base of deltas
	archive     *os.File
}

// stand unpacks what has arrived under a hidden name beside the trees, flushes
// it whole, and gives it the name of its digest. The archive stays where it is,
// with its lock, until it is known what becomes of the tree.
func (t trees) stand(ctx context.Context, a *arrival, d release.Digest, size int64) (*Staged, error) {
	if err := a.flush(); err != nil {
		return nil, advise(err, t.dir)
	}
	hidden, held, err := t.newTree(ctx, a, d)
	if err != nil {
		return nil, err
	}
	st, err := t.fill(ctx, a, d, size, hidden, held)
	if err != nil {
		letGo(held)
		os.RemoveAll(hidden) // the next Recover finds what is left
		return nil, advise(err, t.releases())
	}
	return st, nil
}

// newTree makes an empty tree. It is locked before the store's own lock is
// released, so that no Recover ever sees it without an owner.
func (t trees) newTree(ctx context.Context, a *arrival, d release.Digest) (dir string, held *os.File, err error) {
	unlock, err := t.lock(ctx)
	if err != nil {
		return "", nil, err
	}
	defer unlock()
	t.warnAll(t.pruneLocked(ctx)) // make room first
	if err := t.makeReleasesLocked(); err != nil {
		return "", nil, fmt.Errorf("make the directory of releases: %w", advise(err, t.target))
	}
	dir = filepath.Join(t.releases(), candidateName(a.at.name, d))
	err = t.disk.Do(durable.Step{Op: durable.Mkdir, Path: dir}, func() error { return os.Mkdir(dir, 0o700) })
	if err != nil {
		return "", nil, advise(err, t.releases())
	}
	if held, err = hold(dir); err != nil {
		os.Remove(dir)
		return "", nil, err
	}
	return dir, held, nil
}

func (t trees) makeReleasesLocked() error {
	dir := t.releases()
	err := t.disk.Mkdir(dir, 0o755)
	switch {
	case err == nil:
		t.noteFlushed(dir)
	case errors.Is(err, fs.ErrExist):
		err = t.flushName(dir) // whoever made it may have been killed before its flush
	}
	return err
}

// fill unpacks, and ends with the tree under its own name.
func (t trees) fill(ctx context.Context, a *arrival, d release.Digest, size int64, hidden string, held *os.File) (*Staged, error) {
	listing, err := archive.Unpack(ctx, t.disk, a.file, size, hidden, t.bounds)
	if errors.Is(err, archive.ErrRefused) {
		return nil, &UnfitError{d, err}
	}
	if err != nil {
		return nil, err
	}
	if err := t.checkProgram(hidden, d); err != nil {
		return nil, err
	}
	err = t.disk.Do(durable.Step{Op: durable.Mode, Path: hidden}, func() error { return os.Chmod(hidden, 0o755) })
	if err != nil {
		return nil, err
	}
	if err := t.disk.SyncTree(hidden); err != nil {
		return nil, err
	}
	tree := &stagedTree{dir: t.release(d), held: held, listing: listing, archivePath: a.path, archive: a.file}
	if err := t.settle(ctx, tree, hidden); err != nil {
		return nil, err
	}
	st, err := t.staged(a, d, tree)
	if err != nil {
		letGo(tree.held)
	}
	return st, err
}

// checkProgram says whether what is to be executed is there.
func (t trees) checkProgram(dir string, d release.Digest) error {
	f, err := t.openIn(dir)
	if err == nil {
		return f.Close()
	}
	if errors.Is(err, ErrVanished) {
		err = fmt.Errorf("there is no %q among its entries", t.path)
	}
	return &UnfitError{d, err}
}

func (t trees) staged(a *arrival, d release.Digest, tree *stagedTree) (*Staged, error) {
	program, err := t.openIn(tree.dir)
	if err != nil {
		return nil, err
	}
	info, err := program.Stat()
	if err != nil {
		program.Close() // only read
		return nil, err
	}
	return &Staged{
		store:  t.Store,
		target: a.at.path,
		path:   filepath.Join(tree.dir, filepath.FromSlash(t.path)),
		digest: d,
		id:     treeID(d),
		size:   info.Size(),
		file:   program,
		tree:   tree,
	}, nil
}

func (t trees) warnAll(warnings []error) {
	for _, w := range warnings {
		t.warn(w)
	}
}
