package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/internal/digests"
	"github.com/seed-3d078585/overseer/internal/durable"
)

// sweepLocked removes leftovers. The store's lock is held: half-written
// records and links are nobody's, and no candidate is between its creation and
// its own lock.
func (s binary) sweepLocked(out *Recovery, gone []trial) {
	at, err := s.resolve()
	if err != nil {
		out.Warnings = append(out.Warnings, fmt.Errorf("look for leftover files: %w", err))
		return
	}
	dirs, names := []string{s.dir, at.dir}, []string{at.name}
	for _, t := range gone {
		// The link may have led elsewhere when the trial began.
		name, ok := nameOfCandidate(filepath.Base(t.Staged))
		if !ok || !filepath.IsAbs(t.Staged) {
			continue
		}
		names = append(names, name)
		if dir := filepath.Dir(t.Staged); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		s.sweepDirLocked(out, dir, func(path string) bool {
			name, ok := nameOfCandidate(filepath.Base(path))
			return ok && slices.Contains(names, name) && !isHeld(path) || s.isTemp(path, at)
		})
	}
}

// sweepDirLocked removes the regular files of dir that are leftovers.
func (s *Store) sweepDirLocked(out *Recovery, dir string, leftover func(path string) bool) {
	entries, err := os.ReadDir(dir)
	if err != nil && !isAbsent(err) {
		out.Warnings = append(out.Warnings, fmt.Errorf("look for leftover files in %q: %w", dir, err))
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !leftover(path) {
			continue
		}
		if err := s.disk.Remove(path); err != nil {
			out.Warnings = append(out.Warnings, fmt.Errorf("remove leftover %q: %w", path, advise(err, dir)))
			continue
		}
		out.Removed = append(out.Removed, path)
	}
}

// isTemp reports whether path is what a durable write of ours leaves behind
// when it is cut off.
func (s binary) isTemp(path string, at location) bool {
	return s.isRecordTemp(path) || isTempOf(path, s.previousPath(at))
}

func isTempOf(path, file string) bool {
	return filepath.Dir(path) == filepath.Dir(file) && durable.IsTemp(filepath.Base(path), filepath.Base(file))
}

// isRecordTemp is isTemp for the files of the state directory.
func (s *Store) isRecordTemp(path string) bool {
	dir, name := filepath.Split(path)
	for _, file := range []string{trialsFile, quarantineFile, heldFile, digests.File} {
		if isTempOf(path, filepath.Join(s.dir, file)) {
			return true
		}
	}
	memory, ok := durable.TempOf(name)
	return ok && filepath.Clean(dir) == s.dir && strings.HasPrefix(memory, memoryPrefix)
}

// isHeld reports whether a live master has the staged file open. What cannot
// be asked is taken for held.
func isHeld(path string) bool {
	f, err := openRead(path)
	if err != nil {
		return !isAbsent(err)
	}
	defer f.Close() // drops the lock too
	err = tryLock(f, exclusive)
	if err == nil {
		unlockFile(f)
	}
	return err != nil
}
