package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Symlink makes a symbolic link and flushes its directory. A path that is there
// already is an error that matches [os.ErrExist].
func (d Disk) Symlink(to, path string) error {
	err := d.Do(Step{Op: Symlink, Path: path}, func() error { return os.Symlink(to, path) })
	if err != nil {
		return err
	}
	return d.SyncDir(parent(path))
}

// ReplaceLink has path be a symbolic link that leads to to, by one rename over
// whatever link is there. Each of its two names is flushed.
func (d Disk) ReplaceLink(to, path string) error {
	temp := Temp(path)
	err := d.Symlink(to, temp)
	if err == nil {
		err = d.Rename(temp, path)
	}
	if err != nil {
		os.Remove(temp)
		return err
	}
	return d.Settle(temp, path)
}

// RemoveAll removes a directory and all that is in it, and flushes its parent.
// It is for a name that nobody relies on: who stops in the middle leaves a part.
func (d Disk) RemoveAll(path string) error {
	err := d.Do(Step{Op: RemoveAll, Path: path}, func() error { return os.RemoveAll(path) })
	if err != nil {
		return err
	}
	return d.SyncDir(parent(path))
}

// syncers is how many files of a tree are flushed at a time: a filesystem with
// a journal flushes what waits together.
const syncers = 16

// SyncTree flushes dir and all files and directories below it, in any order:
// nobody relies on it before all is done. Symbolic links are flushed with the
// directory that they are in. The name of dir is not flushed.
func (d Disk) SyncTree(dir string) error {
	return d.Do(Step{Op: SyncTree, Path: dir}, func() error {
		var files, dirs []string
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir():
				dirs = append(dirs, path)
			case e.Type().IsRegular():
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := each(files, syncFile); err != nil {
			return err
		}
		return each(dirs, syncDir)
	})
}

// each calls f for all paths, some at a time, and returns the first failure.
func each(paths []string, f func(string) error) error {
	todo := make(chan string)
	var workers sync.WaitGroup
	var mu sync.Mutex
	var first error
	failed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return first != nil
	}
	for range min(syncers, len(paths)) {
		workers.Go(func() {
			for path := range todo {
				if failed() {
					continue
				}
				if err := f(path); err != nil {
					mu.Lock()
					first = errors.Join(first, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, path := range paths {
		todo <- path
	}
	close(todo)
	workers.Wait()
	return first
}

// syncFile flushes with a descriptor that only reads: fsync(2) asks for no more.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // only read
	return f.Sync()
}
