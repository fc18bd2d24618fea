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
func startAs(c *Credential, prepared bool, start func() (*os.Process, error)) (*os.Process, error) {
	if c != nil && !prepared {
		if err := c.Prepare(); err != nil {
			return nil, err
		}
	}
	return start()
}

// Prepare reports what cannot be had here.
func (c *Credential) Prepare() error {
	if !c.NewPrivileges {
		return fmt.Errorf("keep a process from gaining rights: %w on %s", errors.ErrUnsupported, runtime.GOOS)
	}
	return nil
}
