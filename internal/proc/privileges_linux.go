package proc

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// startAs starts a process that is to be another user, or that is to gain no
// rights.
func startAs(c *Credential, prepared bool, start func() (*os.Process, error)) (*os.Process, error) {
	if c == nil || prepared {
		return start()
	}
	return startOnThread(c.Prepare, start)
}

// Prepare makes the calling thread, which has to be locked to its goroutine for
// good, one that starts processes as this user: see Spec.Prepared. It takes from
// a thread what its children must not have. The other
// capabilities go with the change of the user: capabilities(7), "Effect of user
// ID changes on capabilities".
func (c *Credential) Prepare() error {
	// Ambient capabilities would stay where the host has set
	// SECBIT_NO_SETUID_FIXUP. Linux before 4.3 has none.
	err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	if err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("clear ambient capabilities: %w", err)
	}
	if c.NewPrivileges {
		return nil
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	return nil
}
