//go:build unix

package publish

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock of an open file, which ends with the descriptor, so
// with the process at the latest.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
