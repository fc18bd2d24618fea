package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
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
	hidden := filepath.Join(t.releases(), candidateName(t.name(), d))
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
