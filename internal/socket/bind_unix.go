//go:build unix

package socket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// probeWait bounds how long a socket that is in the way may take to answer. On
// Linux the answer is there at once.
const probeWait = time.Second

// bindPath binds a unix socket at its path, after removing a stale one.
func bindPath(ctx context.Context, a Address) (binding, error) {
	lock, err := lockDir(ctx, filepath.Dir(a.Path))
	if err != nil {
		return binding{}, err
	}
	defer lock.release()
	if err := clearStale(ctx, a.Path); err != nil {
		return binding{}, err
	}
	ln, err := listenMode(ctx, a.Path, a.Mode)
	if err != nil {
		return binding{}, err
	}
	b := streamBinding(ln)
	if b.node, err = nodeAt(a.Path); err == nil {
		if err = setMode(a.Path, a.Mode); err == nil {
			return b, nil
		}
	}
	return binding{}, errors.Join(err, b.node.unlinkLocked(), ln.Close())
}

// clearStale removes the socket at a path where nobody answers on it. The
// directory's lock is held.
func clearStale(ctx context.Context, path string) error {
	found, err := nodeAt(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	dialer := net.Dialer{Timeout: probeWait}
	conn, err := dialer.DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		conn.Close()
		return fmt.Errorf("a process answers on it: %w", ErrInUse)
	case errors.Is(err, syscall.ECONNREFUSED):
		return found.unlinkLocked()
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	// A full queue (EAGAIN), a datagram socket (EPROTOTYPE), one that this
	// user may not connect to (EACCES): only a refusal proves that it is dead.
	return fmt.Errorf("a socket is there and is not known to be dead (%v): %w", err, ErrInUse)
}

// setMode gives the socket exactly the mode asked for: so far it has no more
// than that. It does not follow a symbolic link that somebody with the right to
// write to the directory may have put there.
func setMode(path string, mode fs.FileMode) error {
	if mode == 0 {
		return nil
	}
	err := unix.Fchmodat(unix.AT_FDCWD, path, uint32(mode), unix.AT_SYMLINK_NOFOLLOW)
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS { // Linux before 6.6
		err = unix.Fchmodat(unix.AT_FDCWD, path, uint32(mode), 0)
	}
	if err != nil {
		return &fs.PathError{Op: "chmod", Path: path, Err: err}
	}
	return nil
}
