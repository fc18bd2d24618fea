//go:build unix

package journal

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// errShared is another master at work.
var errShared = errors.New("another master keeps its events there: set StateDir to keep those of this one too")

// lockFor takes the lock of whoever writes. It ends with the file. On a disk that
// is read-only for a while it can be taken too, where there was one before: a
// master that goes on in the place of another one keeps what that had.
func lockFor(path string) (*os.File, error) {
	f, err := openRegular(path, os.O_RDWR|os.O_CREATE)
	if errors.Is(err, syscall.EROFS) {
		f, err = openRegular(path, os.O_RDONLY)
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errShared
		}
		return nil, err
	}
	return f, nil
}

// openRegular opens a file of this user's own and follows no link.
func openRegular(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%q is not a regular file: remove it", path)
	}
	return f, nil
}
