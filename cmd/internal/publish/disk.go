package publish

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A disk changes a release directory so that a power cut leaves the state before
// a step or the one after it. Names are relative to root, with slashes.
type disk struct {
	root string

	// before, where set, is told of each step before it is taken: "write",
	// "rename", "remove", "mkdir" and "sync", and the name.
	before func(step, name string)
}

func (d disk) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

func (d disk) step(what, name string) {
	if d.before != nil {
		d.before(what, name)
	}
}

// write replaces a file as a whole.
func (d disk) write(name string, data []byte) error {
	t, err := d.temp()
	if err != nil {
		return err
	}
	defer t.drop()
	d.step("write", name)
	if _, err := t.Write(data); err != nil {
		return fmt.Errorf("write %q: %w", d.path(name), err)
	}
	return t.become(name)
}

// A temp is a file that has no name in the directory yet.
type temp struct {
	*os.File
	disk disk
}

func (d disk) temp() (*temp, error) {
	if err := d.mkdir(tempName); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(d.path(tempName), "new-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	return &temp{f, d}, nil
}

// become gives the file its name once it is on the disk. Readers may be others
// than the publisher, such as a web server.
func (t *temp) become(name string) error {
	err := t.Chmod(0o644)
	if err == nil {
		t.disk.step("sync", name)
		err = t.Sync()
	}
	if closeErr := t.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", t.disk.path(name), err)
	}
	return t.disk.renamePath(t.Name(), name)
}

// drop removes what has not become anything. It may be called in any case.
func (t *temp) drop() {
	t.Close()
	os.Remove(t.Name())
}

// rename moves a file within the directory, over whatever is there.
func (d disk) rename(from, to string) error { return d.renamePath(d.path(from), to) }

func (d disk) renamePath(from, to string) error {
	dir := filepath.ToSlash(filepath.Dir(filepath.FromSlash(to)))
	if err := d.mkdir(dir); err != nil {
		return err
	}
	d.step("rename", to)
	if err := os.Rename(from, d.path(to)); err != nil {
		return err
	}
	return d.sync(dir)
}

// mkdir makes a directory and those above it, and flushes the names of what is
// new.
func (d disk) mkdir(name string) error {
	if info, err := os.Stat(d.path(name)); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.ToSlash(filepath.Dir(filepath.FromSlash(name)))
	if above == name {
		return os.MkdirAll(d.root, 0o775)
	}
	if err := d.mkdir(above); err != nil {
		return err
	}
	mode := fs.FileMode(0o775)
	if isHidden(name) {
		mode = 0o770 // a draft is nobody's business yet
	}
	d.step("mkdir", name)
	if err := os.Mkdir(d.path(name), mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.sync(above)
}

// remove unlinks a file. One that is not there is no error.
func (d disk) remove(name string) error {
	d.step("remove", name)
	if err := os.Remove(d.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d disk) sync(dir string) error {
	d.step("sync", dir)
	return syncDir(d.path(dir))
}

// read reads a file of at most limit bytes.
func (d disk) read(name string, limit int64) ([]byte, error) {
	f, err := os.Open(d.path(name))
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	return readAll(f, name, limit)
}

// readAll reads up to limit bytes; more is an error.
func readAll(r io.Reader, name string, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("read %q: more than %d bytes", name, limit)
	}
	return data, nil
}

func (d disk) exists(name string) bool {
	_, err := os.Lstat(d.path(name))
	return err == nil
}

// list returns the names in a directory, without what is hidden. One that is
// not there has none.
func (d disk) list(dir string) (names []string, err error) {
	entries, err := os.ReadDir(d.path(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !isHidden(e.Name()) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
