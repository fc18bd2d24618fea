//go:build unix

package proc

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// execPath returns a path that names the very file behind Spec.Binary in the
// child, which gets files.
func execPath(s Spec, files []*os.File) (path string, release func(), err error) {
	if s.Binary == nil || !ByDescriptor {
		return s.Path, func() {}, nil
	}
	fd, err := dupHigh(s.Binary, files)
	if err != nil {
		return "", nil, Explain(s.Path, s.Credential, err)
	}
	path = "/proc/self/fd/" + strconv.Itoa(fd)
	if _, err := os.Stat(path); err != nil {
		unix.Close(fd)
		return s.Path, func() {}, nil // no /proc here
	}
	return path, func() { unix.Close(fd) }, nil
}

// dupHigh duplicates a file to a number clear of those that the fork gives out
// in the child before it executes: the targets, and a scratch number for each of
// them and for its own pipe, from the highest source on.
func dupHigh(f *os.File, files []*os.File) (int, error) {
	first := len(files) + 1
	for _, f := range files {
		n, err := descriptor(f)
		if err != nil {
			return 0, err
		}
		first = max(first, n+1)
	}
	first += len(files) + 1
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	fd, dupErr := -1, error(nil)
	if err := raw.Control(func(n uintptr) {
		fd, dupErr = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, first)
	}); err != nil {
		return 0, err
	}
	if dupErr == unix.EINVAL { // how fcntl(2) says that the number is above the limit
		dupErr = unix.EMFILE
	}
	return fd, dupErr
}

// descriptor returns a file's number and leaves its mode alone.
func descriptor(f *os.File) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	n := -1
	err = raw.Control(func(fd uintptr) { n = int(fd) })
	return n, err
}
