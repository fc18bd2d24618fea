//go:build unix

package pidfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/seed-3d078585/overseer/internal/durable"
	"golang.org/x/sys/unix"
)

// mode lets everybody read who it is.
const mode = 0o644

// A holder of the lock that is not alive, or is this very process, is about to
// let go: a child between fork and exec still has it, or somebody is replacing
// the file. So it is asked again, within wait.
const (
	wait  = time.Second
	pause = 5 * time.Millisecond
)

// ErrHeld is matched by the error of Open where another process has the file.
var ErrHeld = errors.New("another process has it")

// A File is a PID file that this process has.
type File struct {
	path string
	file *os.File // locked
}

// Open writes the file, with the process ID of this process and a line feed, and
// locks it. It waits a second at most. The directory has to be there.
//
// Errors that can be matched: [ErrHeld], and those of package fs.
func Open(path string) (*File, error) {
	temp, err := write(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: make the directory %q first (RuntimeDirectory= in a systemd unit)", err, filepath.Dir(path))
		}
		return nil, fmt.Errorf("write PID file %q: %w", path, err)
	}
	if err := take(temp.Name(), path); err != nil {
		os.Remove(temp.Name())
		temp.Close()
		return nil, fmt.Errorf("take PID file %q: %w", path, err)
	}
	return &File{path: path, file: temp}, nil
}

// write makes the file, complete and locked, under a name of its own.
func write(path string) (f *os.File, err error) {
	f, err = os.OpenFile(durable.Temp(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
			f.Close()
		}
	}()
	if err := f.Chmod(mode); err != nil { // whatever the umask
		return nil, err
	}
	if _, err := f.WriteString(strconv.Itoa(os.Getpid()) + "\n"); err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, fmt.Errorf("lock it: %w: put it on a filesystem that can lock, such as /run", err)
	}
	return f, nil
}

// take gives the file temp its name, in place of what a dead process has left
// there.
func take(temp, path string) error {
	deadline := time.Now().Add(wait)
	for {
		err := os.Link(temp, path)
		if err == nil {
			return os.Remove(temp)
		}
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) {
			return fmt.Errorf("%w: put it on a filesystem with hard links, such as /run", err)
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		again, err := replace(temp, path)
		if !again {
			return err
		}
		if time.Now().After(deadline) {
			if err == nil {
				err = fmt.Errorf("%w: it has changed all the time for %v", ErrHeld, wait)
			}
			return err
		}
		time.Sleep(pause)
	}
}

// replace does so where the file's lock is free. It is to be tried again where
// the file has changed meanwhile, and where its holder is about to let go.
func replace(temp, path string) (again bool, err error) {
	old, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer old.Close()
	pid, err := read(old)
	if err != nil {
		return false, err
	}
	err = lock(old)
	switch {
	case !names(path, old):
		return true, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		if pid == os.Getpid() || !alive(pid) {
			return true, fmt.Errorf("%w, but not process %d, which it names: find out which (fuser %s), or name another file", ErrHeld, pid, path)
		}
		return false, fmt.Errorf("%w: process %d: stop it first, or give this one a file of its own", ErrHeld, pid)
	case err != nil:
		return false, err
	}
	return false, os.Rename(temp, path)
}

// Close removes the file, unless it is another's by now, and lets it go.
func (f *File) Close() error {
	var err error
	if names(f.path, f.file) {
		err = os.Remove(f.path)
	}
	if err := errors.Join(err, unlock(f.file), f.file.Close()); err != nil {
		return fmt.Errorf("remove PID file %q: %w", f.path, err)
	}
	return nil
}
