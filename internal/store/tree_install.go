package store

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/archive"
	"github.com/seed-3d078585/overseer/internal/durable"
)

// installLocked has current lead to the tree, by one rename of a link. What it
// led to stays, as previous.
func (t trees) installLocked(ctx context.Context, st *Staged) (Installed, error) {
	now, err := t.standing(currentLink)
	if err == nil {
		err = t.checkLink(now)
	}
	if err != nil {
		return Installed{}, err
	}
	if err := st.tree.verify(ctx); err != nil {
		return Installed{}, err
	}
	done := Installed{Path: t.link(currentLink), Previous: t.link(previousLink)}
	if now.root == st.tree.dir {
		done.Already = true
		if !isThere(done.Previous) {
			done.Previous = ""
		}
		done.Warnings = t.provenLocked(ctx, st) // that master may have been killed before its flush
		return done, nil
	}
	if err := t.lead(previousLink, now.holds); err != nil {
		return Installed{}, fmt.Errorf("keep the installed release as previous: %w", advise(err, t.target))
	}
	temp := durable.Temp(done.Path)
	err = t.disk.Symlink(linkTo(st.digest), temp)
	if err == nil {
		err = t.disk.Rename(temp, done.Path)
	}
	if err != nil {
		os.Remove(temp) // the flush may have failed after the link
		return Installed{}, advise(err, t.target)
	}
	done.Warnings = t.provenLocked(ctx, st)
	return done, nil
}

// lead has one of the links hold what it is told, durably.
func (t trees) lead(name, to string) error {
	link := t.link(name)
	if have, err := os.Readlink(link); err == nil && have == to {
		return t.disk.SyncDir(t.target) // which an earlier Install may not have reached
	}
	return t.disk.ReplaceLink(to, link)
}

// verify proves that the tree still is what was unpacked.
func (tree *stagedTree) verify(ctx context.Context) error {
	err := stillNamed(tree.held, tree.dir)
	if err == nil {
		err = tree.listing.Compare(ctx, tree.dir)
	}
	if err != nil && (isAbsent(err) || errors.Is(err, archive.ErrDiffers)) {
		return fmt.Errorf("%w: find out who writes there, and stage it again: %w", ErrChanged, err)
	}
	return err
}

// provenLocked ends what belongs to a candidate that is installed. It fails to a
// warning: the rename cannot be called off.
func (t trees) provenLocked(ctx context.Context, st *Staged) (warnings []error) {
	st.ended = true
	st.file.Close() // only read
	defer func() {
		letGo(st.tree.held)
		st.tree.archive.Close()        // only read
		os.Remove(st.tree.archivePath) // where it was not kept
	}()
	if err := t.disk.SyncDir(t.target); err != nil {
		// Its trial stays on record as long as the old one may come back.
		return append(warnings, fmt.Errorf("the new release is in its place, but the directory could not be flushed, so a power cut may bring the old one back: %w", advise(err, t.target)))
	}
	if err := t.clearTrialsLocked(st.digest); err != nil {
		warnings = append(warnings, fmt.Errorf("clear the record of the trial: %w", advise(err, t.dir)))
	}
	if err := t.keepArchiveLocked(st); err != nil {
		warnings = append(warnings, fmt.Errorf("keep the archive for deltas: %w", advise(err, t.dir)))
	}
	return append(warnings, t.pruneLocked(ctx)...)
}

// restoreLocked has current lead to what previous leads to.
func (t trees) restoreLocked(context.Context) error {
	link := t.link(previousLink)
	to, err := os.Readlink(link)
	if err == nil {
		_, err = t.standing(previousLink) // never a link to nothing
	}
	if err == nil {
		err = advise(t.lead(currentLink, to), t.target)
	}
	if err != nil {
		return fmt.Errorf("restore %q: %w", t.link(currentLink), err)
	}
	return nil
}

func isThere(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
