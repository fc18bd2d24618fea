//go:build unix && !linux

package proc

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// startAs starts a process that is to be another user. That it gains no rights
// cannot be said here: only Linux has no_new_privs.
func startAs(c *Credential, start func() (*os.Process, error)) (*os.Process, error) {
	if c != nil && !c.NewPrivileges {
		return nil, fmt.Errorf("keep a process from gaining rights: %w on %s", errors.ErrUnsupported, runtime.GOOS)
	}
	return start()
}
