package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/release"
)

// archive is the file that the next delta starts from. Homes that share a state
// directory are told apart by their names, as with all in it.
func (t trees) archive(d release.Digest) string {
	return filepath.Join(t.dir, t.name()+archiveInfix+d.String())
}

const archiveInfix = ".archive-"

func (t trees) isArchive(name string) (release.Digest, bool) {
	digits, ok := strings.CutPrefix(name, t.name()+archiveInfix)
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

// kept are the releases whose archives are kept: what is installed, as the next
// delta starts from it, and what was before, as it is proven by it when somebody
// goes back.
func (t trees) kept() (all []release.Digest, err error) {
	now, err := t.standing(currentLink)
	if err != nil {
		return nil, err
	}
	all = append(all, now.digest)
	if before, err := t.standing(previousLink); err == nil {
		all = append(all, before.digest)
	}
	return all, nil
}

// keepArchiveLocked keeps the archive of what is installed, and that of what was
// before. Who reads one proves it; without it a release comes whole.
func (t trees) keepArchiveLocked(st *Staged) error {
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	kept, err := t.kept()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if d, ok := t.isArchive(e.Name()); ok && !slices.Contains(kept, d) {
			err = errors.Join(err, t.disk.Remove(t.archive(d)))
		}
	}
	return errors.Join(err, t.disk.Replace(st.tree.archivePath, t.archive(st.digest)))
}
