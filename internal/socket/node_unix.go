//go:build unix

package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// nodeAt returns the node at a path, which is not followed if it is a symbolic
// link. Anything but a socket is an error.
func nodeAt(path string) (Node, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return Node{}, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Type() != fs.ModeSocket {
		return Node{}, fmt.Errorf("%q is no socket but a %s, and was left alone: move it away, or choose another path", path, typeName(info.Mode()))
	}
	return Node{Path: path, Dev: uint64(st.Dev), Ino: uint64(st.Ino)}, nil
}

func typeName(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "regular file"
	case fs.ModeDir:
		return "directory"
	case fs.ModeSymlink:
		return "symbolic link"
	}
	return "special file"
}

// unlink removes the node's path where the node still stands there.
func (n Node) unlink() error {
	if n.Path == "" {
		return nil
	}
	lock, err := lockDir(context.Background(), filepath.Dir(n.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("unlink %q: %w", n.Path, err)
	}
	defer lock.release()
	return n.unlinkLocked()
}

// unlinkLocked is unlink for a caller that holds the directory's lock.
func (n Node) unlinkLocked() error {
	now, err := nodeAt(n.Path)
	if err != nil || now != n {
		return nil // gone, or somebody else's
	}
	if err := os.Remove(n.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
