package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

func (t trees) able() error {
	now, err := t.standing(currentLink)
	if err == nil {
		err = t.checkLink(now)
	}
	err = errors.Join(err, checkPlace(t.target), t.checkReleases(), t.checkStateDir())
	if err != nil {
		return fmt.Errorf("upgrade the trees in %q: %w", t.target, err)
	}
	return nil
}

// checkLink refuses a current that cannot be replaced by one rename.
func (t trees) checkLink(now standing) error {
	if now.holds != "" {
		return nil
	}
	link := t.link(currentLink)
	return fmt.Errorf("%q is %w: make it one while the program is stopped: mkdir -p %[3]s && mv %[1]s %[3]s/first && ln -s %[4]s/first %[1]s", link, ErrNotLink, t.releases(), releasesDir)
}

// checkReleases says whether trees can be put into the directory of them. While
// it is not there, its parent decides.
func (t trees) checkReleases() error {
	dir := t.releases()
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%w: %q is a %s: want a directory", ErrUnsafeDir, dir, kind(info))
	case info.Mode().Perm()&0o022 != 0 && modeCounts:
		return fmt.Errorf("%w: others may write %q (mode %04o), and so exchange what runs: chmod go-w it", ErrUnsafeDir, dir, info.Mode().Perm())
	}
	return checkPlace(dir)
}

func (t trees) place() (location, error) {
	now, err := t.standing(currentLink)
	if err == nil {
		err = t.checkLink(now)
	}
	if err != nil {
		return location{}, err
	}
	at := location{path: t.link(currentLink), dir: t.target, name: t.name()}
	return at, errors.Join(checkPlace(t.target), t.checkReleases())
}

// intakeDir is where nobody looks for files.
func (t trees) intakeDir(location) string { return t.dir }
