//go:build unix

package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Explain adds to an error of exec what an operator can do about it. path is what
// was to run, and c the user, if it was to be another one.
func Explain(path string, c *Credential, err error) error {
	var hint string
	switch {
	case c != nil && errors.Is(err, syscall.EPERM):
		hint = fmt.Sprintf(": as user %d and group %d: this process may not become them; it needs CAP_SETUID and CAP_SETGID, which a container or a unit may have dropped", c.UID, c.GID)
	case c != nil && errors.Is(err, syscall.EACCES):
		hint = fmt.Sprintf(": as user %d and group %d: the file is not executable for them, or lies on a filesystem mounted noexec", c.UID, c.GID)
	case errors.Is(err, syscall.ENOEXEC):
		hint = ": the file is no program for this machine (wrong architecture, or cut short)"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		hint = ": the file is not executable, or lies on a filesystem mounted noexec"
	case errors.Is(err, syscall.ENOENT):
		hint = ": the file is missing, or it is linked dynamically and the loader that it names is"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		hint = ": the limit of open files (ulimit -n) is reached"
	case errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EAGAIN):
		hint = ": the host is out of memory or processes"
	}
	var perr *os.PathError
	if errors.As(err, &perr) {
		err = perr.Err
	}
	return fmt.Errorf("start %q: %w%s", path, err, hint)
}

// Temporary reports whether an error of Start is the host's fault and not the
// binary's.
func Temporary(err error) bool {
	for _, host := range []error{syscall.ENOMEM, syscall.EAGAIN, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY, syscall.ENOSPC} {
		if errors.Is(err, host) {
			return true
		}
	}
	return false
}
