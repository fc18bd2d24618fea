package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// flushed are the names that are on the disk for certain. A file that is there
// tells nothing: whoever gave it its name may have been killed, or have failed,
// before the flush of the directory, and a power cut would take it away again.
type flushed struct {
	mu    sync.Mutex
	files map[string]os.FileInfo
}

// flushName makes certain of the name of a file or directory that is relied on
// as it stands. It is done once for each, so that an idle host's disk stays
// idle.
func (s *Store) flushName(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if s.flushed.has(path, info) {
		return nil
	}
	if err := s.disk.SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	s.flushed.add(path, info)
	return nil
}

// noteFlushed is for a name that was just flushed by its maker.
func (s *Store) noteFlushed(path string) {
	if info, err := os.Lstat(path); err == nil {
		s.flushed.add(path, info)
	}
}

func (f *flushed) add(path string, info os.FileInfo) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.files == nil {
		f.files = map[string]os.FileInfo{}
	}
	f.files[path] = info
}

// has knows a file again by its number and, as numbers are given out anew, by
// its time; that of a directory changes with what is in it.
func (f *flushed) has(path string, info os.FileInfo) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was, ok := f.files[path]
	return ok && os.SameFile(was, info) && (info.IsDir() || was.ModTime().Equal(info.ModTime()))
}

// flushDirName makes certain of the name of the state directory. A parent that
// this user may not read cannot be flushed; then that is the system's affair,
// as with every directory that somebody else has made.
func (s *Store) flushDirName() error {
	err := s.flushName(s.dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return advise(err, filepath.Dir(s.dir))
}
