package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// open opens the program, following links that stay in the tree; of a tree that
// was made by hand, any.
func (t trees) open(now standing) (*os.File, error) {
	path := filepath.Join(now.root, filepath.FromSlash(t.path))
	if now.byHand {
		f, err := os.Open(path)
		if err != nil {
			return nil, vanished(path, err)
		}
		return t.asProgram(f, path)
	}
	return t.openIn(now.root)
}

func (t trees) openIn(root string) (*os.File, error) {
	path := filepath.Join(root, filepath.FromSlash(t.path))
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, vanished(root, err)
	}
	defer r.Close() // only read
	info, err := r.Stat(t.path)
	if err != nil {
		return nil, vanished(path, err)
	}
	if !info.Mode().IsRegular() { // a pipe would not be opened at once
		return nil, fmt.Errorf("%q: %w: it is a %s; name the program itself", path, ErrNotFile, kind(info))
	}
	f, err := r.Open(t.path)
	if err != nil {
		return nil, vanished(path, err)
	}
	return t.asProgram(f, path)
}

// asProgram closes what cannot be executed.
func (t trees) asProgram(f *os.File, path string) (*os.File, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%q: %w: it is a %s; name the program itself", path, ErrNotFile, kind(info))
	case info.Mode().Perm()&0o111 == 0 && !t.read:
		err = fmt.Errorf("%q: %w: nobody may execute it (mode %04o): chmod +x it before it is packed", path, ErrNotFile, info.Mode().Perm())
	default:
		return f, nil
	}
	f.Close() // only read
	return nil, err
}
