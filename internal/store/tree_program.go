package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// open opens the program, following links that stay in the tree; of a tree that
// was made by hand, any.
func (now standing) open(program string) (*os.File, error) {
	path := filepath.Join(now.root, filepath.FromSlash(program))
	if now.byHand {
		f, err := os.Open(path)
		if err != nil {
			return nil, vanished(path, err)
		}
		return asProgram(f, path)
	}
	return openProgram(now.root, program)
}

func openProgram(root, program string) (*os.File, error) {
	path := filepath.Join(root, filepath.FromSlash(program))
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, vanished(root, err)
	}
	defer r.Close() // only read
	info, err := r.Stat(program)
	if err != nil {
		return nil, vanished(path, err)
	}
	if !info.Mode().IsRegular() { // a pipe would not be opened at once
		return nil, fmt.Errorf("%q: %w: it is a %s; name the program itself", path, ErrNotFile, kind(info))
	}
	f, err := r.Open(program)
	if err != nil {
		return nil, vanished(path, err)
	}
	return asProgram(f, path)
}

// asProgram closes what cannot be executed.
func asProgram(f *os.File, path string) (*os.File, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%q: %w: it is a %s; name the program itself", path, ErrNotFile, kind(info))
	case info.Mode().Perm()&0o111 == 0:
		err = fmt.Errorf("%q: %w: nobody may execute it (mode %04o): chmod +x it before it is packed", path, ErrNotFile, info.Mode().Perm())
	default:
		return f, nil
	}
	f.Close() // only read
	return nil, err
}
