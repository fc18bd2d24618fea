//go:build unix

package overseer

import (
	"errors"
	"fmt"

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
	return nil
}

// errOlderCredential is of a process that a master of the older library has
// started, with its own rights.
var errOlderCredential = errors.New("Config.Credential asks for another user, and the master of the older library cannot start a worker as one")
