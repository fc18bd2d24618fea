package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// A Store is the place of one installed binary. It is safe for concurrent use,
// also by several processes.
type Store struct {
	target string // absolute, links kept
	dir    string // state directory, absolute
	disk   durable.Disk
	now    func() time.Time
	warn   func(error)
	others bool // a candidate is run by other users than this one

	layout    layout
	flushed   flushed
	unwinding atomic.Int32 // bodies whose Read or Close has not returned yet
}

// An Option changes what [Open] makes.
type Option func(*Store)

// WithDisk has every change of the disk go through d.
func WithDisk(d durable.Disk) Option { return func(s *Store) { s.disk = d } }

// WithClock has the store ask now for the time.
func WithClock(now func() time.Time) Option { return func(s *Store) { s.now = now } }

// WithWarn has warn called for what did not stop an operation but a person
// should know, such as a damaged record. It may be called concurrently, and
// while locks are held: it does not call the store. Recover and Install return
// their warnings instead where the result has a place for them.
func WithWarn(warn func(error)) Option { return func(s *Store) { s.warn = warn } }

// WithOthers has a staged candidate be read and run by whoever may do that with
// the installed program, as workers may be other users than the master. Nobody
// else than the master may write to it. Else it is this user's alone.
func WithOthers() Option { return func(s *Store) { s.others = true } }

// Open makes the store of one installed binary. It writes nothing: the first
// operation that must makes the state directory.
//
// Where target is a symbolic link, or lies behind one, the link is followed
// anew by each operation; what it points to is replaced and never the link.
//
// An empty dir means ".<name>.overseer" beside what target points to now. The
// state directory stays the same as long as the store lives. It has to be a
// directory, owned by this user, that nobody else may write.
//
// Errors that can be matched: [ErrVanished], [ErrNotFile].
func Open(target, dir string, opts ...Option) (*Store, error) {
	abs, err := filepath.Abs(target)
	if err != nil {
		return nil, fmt.Errorf("open store of %q: %w", target, err)
	}
	s := newStore(abs, opts)
	at, err := binary{s}.resolve()
	if err != nil {
		return nil, fmt.Errorf("open store of %q: %w", target, err)
	}
	s.layout = binary{s}
	if dir == "" {
		dir = filepath.Join(at.dir, "."+at.name+".overseer")
	}
	if s.dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("open store of %q in %q: %w", target, dir, err)
	}
	return s, nil
}

func newStore(target string, opts []Option) *Store {
	s := &Store{target: target, now: time.Now, warn: func(error) {}}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Dir is the state directory. It need not be there yet.
func (s *Store) Dir() string { return s.dir }

// Target returns the program that is installed now, with links followed.
//
// Errors that can be matched: [ErrVanished], [ErrNotFile].
func (s *Store) Target() (string, error) { return s.layout.program() }

func (s binary) program() (string, error) {
	at, err := s.resolve()
	return at.path, err
}

// A location is where the target's links lead at one moment.
type location struct {
	path   string // links followed
	dir    string // the directory of path
	name   string // for names made from the target's
	linked bool   // path is not what the user named
	info   os.FileInfo
}

func (s binary) resolve() (location, error) {
	path, err := filepath.EvalSymlinks(s.target)
	if err != nil {
		return location{}, vanished(s.target, err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return location{}, vanished(s.target, err)
	}
	if !info.Mode().IsRegular() {
		return location{}, fmt.Errorf("%q: %w: it is a %s; name the program itself", path, ErrNotFile, kind(info))
	}
	return location{
		path:   path,
		dir:    filepath.Dir(path),
		name:   shorten(filepath.Base(path)),
		linked: path != s.target,
		info:   info,
	}, nil
}

func vanished(target string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: put the program back at %q, or repair the link: %w", ErrVanished, target, err)
	}
	return err
}

func kind(info os.FileInfo) string {
	if info.IsDir() {
		return "directory"
	}
	return "file of type " + info.Mode().Type().String()
}
