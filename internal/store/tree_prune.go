package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// isNamed reports whether one of the links leads to a tree. A link that cannot
// be read is taken for one that does: rather a tree too many.
func (t trees) isNamed(dir string) bool {
	for _, name := range []string{currentLink, previousLink} {
		root, err := filepath.EvalSymlinks(t.link(name))
		if err == nil && root == dir || err != nil && !isAbsent(err) {
			return true
		}
	}
	return false
}

// removeLocked removes a tree that is locked for this descriptor alone, and
// closes that. It loses its name first, so that what is left of a removal that
// was cut off is never taken for a release.
func (t trees) removeLocked(dir string, held *os.File) error {
	defer letGo(held)
	d, _ := t.digestOf(dir)
	hidden := filepath.Join(t.releases(), candidateName(shorten(filepath.Base(t.target)), d))
	if err := t.disk.Replace(dir, hidden); err != nil {
		return advise(err, t.releases())
	}
	return advise(t.disk.RemoveAll(hidden), t.releases())
}

// removeHiddenLocked removes a tree that has no name yet.
func (t trees) removeHiddenLocked(hidden string, held *os.File) []error {
	letGo(held)
	if err := t.disk.RemoveAll(hidden); err != nil {
		return []error{fmt.Errorf("remove %q: %w", hidden, advise(err, t.releases()))}
	}
	return nil
}

// pruneLocked removes trees that nobody needs: those that are quarantined, and
// the oldest of those that are neither installed, nor previous, nor in use.
func (t trees) pruneLocked(ctx context.Context) (warnings []error) {
	entries, err := os.ReadDir(t.releases())
	if err != nil {
		if !isAbsent(err) {
			warnings = append(warnings, fmt.Errorf("look for trees to remove: %w", err))
		}
		return warnings
	}
	bad, err := readLocked[quarantineRecord](t.Store, quarantineFile)
	if err != nil {
		return append(warnings, err)
	}
	var all []oldTree
	named := 0
	for _, e := range entries {
		dir := filepath.Join(t.releases(), e.Name())
		d, byHand := t.digestOf(dir)
		switch {
		case byHand || !e.IsDir():
			continue
		case t.isNamed(dir):
			named++
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it goes at this moment
		}
		_, held := bad.lookUp(d, t.now())
		all = append(all, oldTree{dir, held, info.ModTime()})
	}
	slices.SortFunc(all, oldTree.compare)
	for i, o := range all {
		if ctx.Err() != nil || !o.bad && len(all)-i+named <= t.keep {
			break
		}
		if err := t.removeIfFreeLocked(o.dir); err != nil {
			warnings = append(warnings, fmt.Errorf("remove the tree %q: %w", o.dir, err))
		}
	}
	return warnings
}

// An oldTree is one that may be removed.
type oldTree struct {
	dir  string
	bad  bool // quarantined
	when time.Time
}

// compare puts the bad first, and then the oldest.
func (o oldTree) compare(p oldTree) int {
	if o.bad != p.bad {
		if o.bad {
			return -1
		}
		return 1
	}
	return o.when.Compare(p.when)
}

// removeIfFreeLocked leaves a tree alone that somebody holds.
func (t trees) removeIfFreeLocked(dir string) error {
	f, err := openRead(dir)
	if err != nil {
		if isAbsent(err) {
			return nil
		}
		return err
	}
	if tryLock(f, exclusive) != nil {
		f.Close() // only read
		return nil
	}
	return t.removeLocked(dir, f)
}

// sweepLocked removes what a dead master has left: half a tree, half a removal,
// a link that got no name, an archive that became no release.
func (t trees) sweepLocked(out *Recovery, _ []trial) {
	name := shorten(filepath.Base(t.target))
	t.sweepTreesLocked(out, name)
	t.sweepLinksLocked(out)
	now, err := t.standing(currentLink)
	t.sweepDirLocked(out, t.dir, func(path string) bool {
		if d, ok := isArchive(filepath.Base(path)); ok {
			return err == nil && d != now.digest
		}
		of, ok := nameOfCandidate(filepath.Base(path))
		return ok && of == name && !isHeld(path) || t.isRecordTemp(path)
	})
	out.Warnings = append(out.Warnings, t.pruneLocked(context.Background())...)
}

func (t trees) sweepTreesLocked(out *Recovery, name string) {
	entries, err := os.ReadDir(t.releases())
	if err != nil && !isAbsent(err) {
		out.Warnings = append(out.Warnings, fmt.Errorf("look for leftover trees: %w", err))
	}
	var left []string
	for _, e := range entries {
		path := filepath.Join(t.releases(), e.Name())
		if of, ok := nameOfCandidate(e.Name()); ok && of == name && e.IsDir() && !isHeld(path) {
			left = append(left, path)
		}
	}
	if len(left) == 0 {
		return
	}
	// Who was removing a release may have been killed before the flush of its
	// new name: under the old one, a power cut would bring back a part of it.
	if err := t.disk.SyncDir(t.releases()); err != nil {
		out.Warnings = append(out.Warnings, fmt.Errorf("remove leftover trees: %w", advise(err, t.releases())))
		return
	}
	for _, path := range left {
		t.sweepOneLocked(out, path, t.disk.RemoveAll)
	}
}

func (t trees) sweepLinksLocked(out *Recovery) {
	entries, err := os.ReadDir(t.target)
	if err != nil {
		out.Warnings = append(out.Warnings, fmt.Errorf("look for leftover links: %w", err))
	}
	for _, e := range entries {
		path := filepath.Join(t.target, e.Name())
		if e.Type() == os.ModeSymlink && (isTempOf(path, t.link(currentLink)) || isTempOf(path, t.link(previousLink))) {
			t.sweepOneLocked(out, path, t.disk.Remove)
		}
	}
}

func (t trees) sweepOneLocked(out *Recovery, path string, remove func(string) error) {
	if err := remove(path); err != nil {
		out.Warnings = append(out.Warnings, fmt.Errorf("remove leftover %q: %w", path, advise(err, filepath.Dir(path))))
		return
	}
	out.Removed = append(out.Removed, path)
}

// archivePrefix is of the file that the next delta starts from.
const archivePrefix = "archive-"

func (t trees) archive(d release.Digest) string {
	return filepath.Join(t.dir, archivePrefix+d.String())
}

func isArchive(name string) (release.Digest, bool) {
	digits, ok := strings.CutPrefix(name, archivePrefix)
	d, err := release.ParseDigest(digits)
	return d, ok && err == nil
}

// openInstalled opens the archive, and proves it.
func (t trees) openInstalled(ctx context.Context) (*os.File, release.Digest, error) {
	now, err := t.standing(currentLink)
	if err != nil {
		return nil, release.Digest{}, err
	}
	f, err := openRead(t.archive(now.digest))
	if isAbsent(err) {
		return nil, release.Digest{}, fmt.Errorf("%w: that of %q", ErrNoArchive, now.root)
	}
	if err != nil {
		return nil, release.Digest{}, err
	}
	info, err := f.Stat()
	var got release.Digest
	if err == nil {
		got, err = digestOf(ctx, f, info.Size())
	}
	if err == nil && got != now.digest {
		err = fmt.Errorf("%w: %q was written to, or was not flushed before a power cut", ErrNoArchive, f.Name())
	}
	if err != nil {
		return nil, release.Digest{}, errors.Join(err, f.Close())
	}
	return f, now.digest, nil
}
