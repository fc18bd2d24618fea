//go:build unix

package socket

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A dirLock is an exclusive flock of a directory. Whoever binds or removes a
// unix socket holds that of the directory it is in.
type dirLock struct{ fd int }

// lockWait bounds the wait for a lock. It is held for as long as a bind takes,
// or one probe of a socket that is in the way.
const lockWait = 2 * time.Second

// lockDir takes the lock. It waits for it until lockWait has passed or ctx is
// done; the error then matches [ErrInUse]. flock can wait by itself, but
// neither for a bounded time nor for a context, so it is asked again and again.
func lockDir(ctx context.Context, dir string) (dirLock, error) {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for {
		lock, err := tryLockDir(dir)
		if !errors.Is(err, ErrInUse) || pause(ctx, firstPause) != nil {
			return lock, err
		}
	}
}

func tryLockDir(dir string) (dirLock, error) {
	fd, err := retryEINTR(func() (int, error) {
		return unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return dirLock{}, &os.PathError{Op: "open directory", Path: dir, Err: err}
	}
	_, err = retryEINTR(func() (int, error) { return 0, unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if err == nil {
		return dirLock{fd}, nil
	}
	unix.Close(fd)
	if err == unix.EWOULDBLOCK {
		return dirLock{}, fmt.Errorf("another process has the directory %q locked: %w", dir, ErrInUse)
	}
	return dirLock{}, &os.PathError{Op: "lock directory", Path: dir, Err: err}
}

// release gives the lock back. Closing would not do: a child that was forked
// and has not yet called exec shares the open directory, and the lock with it.
func (l dirLock) release() {
	unix.Flock(l.fd, unix.LOCK_UN)
	unix.Close(l.fd)
}

func retryEINTR(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}
