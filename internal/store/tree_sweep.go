package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// sweepLocked removes what a dead master has left: half a tree, half a removal,
// a link that got no name, an archive that became no release.
func (t trees) sweepLocked(out *Recovery, _ []trial) {
	t.sweepTreesLocked(out)
	t.sweepLinksLocked(out)
	kept, err := t.kept()
	t.sweepDirLocked(out, t.dir, func(path string) bool {
		if d, ok := t.isArchive(filepath.Base(path)); ok {
			return err == nil && !slices.Contains(kept, d)
		}
		of, ok := nameOfCandidate(filepath.Base(path))
		return ok && of == t.name() && !isHeld(path) || t.isRecordTemp(path)
	})
	out.Warnings = append(out.Warnings, t.pruneLocked(context.Background())...)
}

func (t trees) sweepTreesLocked(out *Recovery) {
	entries, err := os.ReadDir(t.releases())
	if err != nil && !isAbsent(err) {
		out.Warnings = append(out.Warnings, fmt.Errorf("look for leftover trees: %w", err))
	}
	var left []string
	for _, e := range entries {
		path := filepath.Join(t.releases(), e.Name())
		if of, ok := nameOfCandidate(e.Name()); ok && of == t.name() && e.IsDir() && !isHeld(path) {
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
