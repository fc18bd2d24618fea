//go:build unix

package pidfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// longest is more than any process ID takes.
const longest = 32

// read returns the number in a file. Anything else may be a file that was named
// by mistake.
func read(f *os.File) (pid int, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, errors.New("it is no regular file: name another, or remove it")
	}
	text, err := io.ReadAll(io.LimitReader(f, longest+1))
	if err != nil {
		return 0, err
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
	if len(text) > longest || pid < 0 || err != nil && len(text) > 0 {
		return 0, fmt.Errorf("it holds no process ID but %.*q: name another file, or remove it", longest, text)
	}
	return pid, nil // 0: empty, as other programs leave it for a moment
}

// alive reports whether a process is there.
func alive(pid int) bool {
	err := unix.Kill(pid, 0)
	return pid > 0 && (err == nil || errors.Is(err, unix.EPERM))
}

// names reports whether a path is that of an open file.
func names(path string, f *os.File) bool {
	there, err := os.Lstat(path)
	if err != nil {
		return false
	}
	here, err := f.Stat()
	return err == nil && os.SameFile(there, here)
}

func lock(f *os.File) error { return flock(f, unix.LOCK_EX|unix.LOCK_NB) }

// unlock does what closing does not while a child between fork and exec has the
// file too.
func unlock(f *os.File) error { return flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	cerr := raw.Control(func(fd uintptr) {
		for {
			if err = unix.Flock(int(fd), how); err != unix.EINTR {
				return
			}
		}
	})
	return errors.Join(cerr, err)
}
