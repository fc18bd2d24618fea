package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/internal/archive"
	"github.com/seed-3d078585/overseer/release"
)

// Names in the home of a directory release.
const (
	releasesDir  = "releases"
	currentLink  = "current"
	previousLink = "previous"
	treeStateDir = ".overseer"
)

// DefaultKeep is how many trees stay on the disk, the installed one and the one
// before included.
const DefaultKeep = 3

// trees is the layout of directory releases:
//
//	/opt/app/current     -> releases/<digest>     what is installed
//	/opt/app/previous    -> releases/<digest>     what was before
//	/opt/app/releases/<digest>/                   one tree for each, complete
//	/opt/app/.overseer/                           the state directory
//
// A tree has its own name before it is tried, and keeps it: what a program has
// learned of its own place during the trial stays true when it is installed.
type trees struct {
	*Store
	path   string // of the program, in a tree
	read   bool   // an interpreter reads it
	keep   int
	bounds archive.Bounds
}

// Trees says which directory releases a store has.
type Trees struct {
	// Home is the directory of "current" and "releases".
	Home string

	// Program is the path, with slashes, of what is executed in a tree. Read
	// says that an interpreter reads it, so that nobody need be able to execute
	// it.
	Program string
	Read    bool

	// Keep is how many trees stay on the disk: the installed one, the one
	// before, and older ones. Trees in use, and those with other names than
	// digests, are not counted and not removed. Default: [DefaultKeep]; at
	// least 2.
	Keep int

	// Bounds of an archive.
	Bounds archive.Bounds
}

// OpenTrees makes the store of directory releases. It writes nothing. Where Home
// lies behind a symbolic link, that is followed now and not again.
//
// The link "current" has to lead to a directory with the program in it; where
// that was made by hand, any name will do. An empty dir means ".overseer" in
// Home.
//
// Errors that can be matched: [ErrVanished], [ErrNotFile].
func OpenTrees(t Trees, dir string, opts ...Option) (*Store, error) {
	fail := func(err error) (*Store, error) {
		return nil, fmt.Errorf("open store of the trees in %q: %w", t.Home, err)
	}
	abs, err := filepath.Abs(t.Home)
	if err != nil {
		return fail(err)
	}
	if !fs.ValidPath(t.Program) || t.Program == "." {
		return fail(fmt.Errorf("the program is %q: want its path in the release, with slashes, such as bin/app", t.Program))
	}
	home, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return fail(vanished(abs, err))
	}
	if dir == "" {
		dir = filepath.Join(home, treeStateDir)
	}
	s := newStore(home, opts)
	if s.dir, err = filepath.Abs(dir); err != nil {
		return fail(err)
	}
	keep := t.Keep
	if keep <= 0 {
		keep = DefaultKeep
	}
	l := trees{Store: s, path: t.Program, read: t.Read, keep: max(keep, 2), bounds: t.Bounds}
	s.layout = l
	if _, err := l.program(); err != nil {
		return fail(err)
	}
	return s, nil
}

func (t trees) of(s *Store) layout { t.Store = s; return t }

func (t trees) link(name string) string { return filepath.Join(t.target, name) }

// name stands in the names that are made for a home.
func (t trees) name() string { return shorten(filepath.Base(t.target)) }

func (t trees) releases() string { return filepath.Join(t.target, releasesDir) }

func (t trees) release(d release.Digest) string { return filepath.Join(t.releases(), d.String()) }

// linkTo is what a link to a release holds: relative, so that the whole home can
// be moved or mounted elsewhere.
func linkTo(d release.Digest) string { return filepath.Join(releasesDir, d.String()) }

func (t trees) program() (string, error) {
	now, err := t.standing(currentLink)
	if err != nil {
		return "", err
	}
	f, err := t.open(now)
	if err != nil {
		return "", err
	}
	return filepath.Join(now.root, filepath.FromSlash(t.path)), f.Close()
}

// A standing is where one of the links leads at one moment.
type standing struct {
	holds  string // what the link holds; empty where it is a directory itself
	root   string // the tree, links followed
	digest release.Digest
	byHand bool // digest is that of no archive
}

func (t trees) standing(name string) (standing, error) {
	link := t.link(name)
	root, err := filepath.EvalSymlinks(link)
	if err != nil {
		return standing{}, vanishedTree(link, err)
	}
	info, err := os.Lstat(link)
	if err != nil {
		return standing{}, vanishedTree(link, err)
	}
	now := standing{root: root}
	if info.Mode().Type() == fs.ModeSymlink {
		if now.holds, err = os.Readlink(link); err != nil {
			return standing{}, vanishedTree(link, err)
		}
	}
	now.digest, now.byHand = t.digestOf(root)
	return now, nil
}

// digestOf reads it from the name of a tree. A tree that was made by hand has
// one that is no archive's, and the same each time.
func (t trees) digestOf(root string) (d release.Digest, byHand bool) {
	name := filepath.Base(root)
	if d, err := release.ParseDigest(name); err == nil && d.String() == name && filepath.Dir(root) == t.releases() {
		return d, false
	}
	return sumOf("a tree that was made by hand\x00" + root), true
}

func vanishedTree(link string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: have %q be a link to the directory of a release, such as %s: %w", ErrVanished, link, filepath.Join(releasesDir, "first"), err)
	}
	return err
}

func (t trees) installed(ctx context.Context) (release.Digest, error) {
	now, err := t.standing(currentLink)
	if err != nil {
		return release.Digest{}, err
	}
	return now.digest, ctx.Err()
}

func (t trees) committed(ctx context.Context, d release.Digest) (bool, error) {
	now, err := t.standing(currentLink)
	if err != nil || now.digest != d {
		return false, ctx.Err()
	}
	return true, advise(t.disk.SyncDir(t.target), t.target)
}
