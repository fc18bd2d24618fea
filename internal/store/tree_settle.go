package store

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/archive"
)

// settle gives a tree its own name. Where another master was faster, or a trial
// was interrupted, one of that name is there: if it is the same, it is shared.
func (t trees) settle(ctx context.Context, tree *stagedTree, hidden string) error {
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	have, err := hold(tree.dir)
	if err == nil {
		if err = tree.listing.Compare(ctx, tree.dir); err == nil {
			return t.shareLocked(tree, have, hidden)
		}
		if err = t.replaceableLocked(tree.dir, have, err); err != nil {
			letGo(have)
			return err
		}
		if err = t.removeLocked(tree.dir, have); err != nil {
			return err
		}
	} else if !isAbsent(err) {
		return err
	}
	if err := t.disk.Rename(hidden, tree.dir); err != nil {
		return err
	}
	// From here on the tree is whole under its own name, or not there. Where the
	// flush fails it stays: nothing can be taken out of it before it is known
	// that the name is gone. Who stages it again shares it.
	return t.flushName(tree.dir)
}

// shareLocked takes the tree that is there instead of one's own.
func (t trees) shareLocked(tree *stagedTree, have *os.File, hidden string) error {
	if err := t.flushName(tree.dir); err != nil {
		letGo(have)
		return err
	}
	own := tree.held
	tree.held = have
	t.warnAll(t.removeHiddenLocked(hidden, own))
	return nil
}

// replaceableLocked says whether a tree that differs from its archive may make
// room for one that does not.
func (t trees) replaceableLocked(dir string, have *os.File, differs error) error {
	if !errors.Is(differs, archive.ErrDiffers) {
		return differs
	}
	if t.isNamed(dir) || tryLock(have, exclusive) != nil {
		return fmt.Errorf("%w, and it is in use: find out who writes there; stop what runs from it, or let \"current\" lead elsewhere, and it is unpacked anew: %w", ErrChanged, differs)
	}
	return nil
}

func (t trees) discard(st *Staged) error {
	err := errors.Join(st.file.Close(), removeFile(st.tree.archivePath), st.tree.archive.Close())
	unlock, lockErr := t.lock(context.Background())
	if lockErr != nil {
		letGo(st.tree.held)
		return errors.Join(err, lockErr)
	}
	defer unlock()
	if t.isNamed(st.tree.dir) || tryLock(st.tree.held, exclusive) != nil {
		letGo(st.tree.held) // somebody runs from it; who comes last removes it
		return err
	}
	return errors.Join(err, t.removeLocked(st.tree.dir, st.tree.held))
}
