//go:build unix

package overseer

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seed-3d078585/overseer/internal/credential"
)

// checkCredential is for the master alone: a preflight has no rights to judge by.
func (s settled) checkCredential() error {
	if s.as == nil {
		return nil
	}
	if err := credential.Check(s.as, s.binary); err != nil {
		return fmt.Errorf("%w: Config.Credential: %w", ErrConfig, err)
	}
	if s.StateDir == "" {
		return nil // it is beside the binary
	}
	dir, err := filepath.Abs(s.StateDir)
	if err == nil {
		err = credential.CheckKept(s.as, dir)
	}
	if err != nil {
		return fmt.Errorf("%w: Config.Credential, with Config.StateDir: %w", ErrConfig, err)
	}
	return nil
}

// errOlderCredential is of a process that a master of the older library has
// started, with its own rights.
var errOlderCredential = errors.New("Config.Credential asks for another user, and the master of the older library cannot start a worker as one")
