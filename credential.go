package overseer

import (
	"errors"
	"fmt"

	"github.com/seed-3d078585/overseer/internal/credential"
)

// A Credential is the user that workers run as: see [Config].Credential. Names
// are looked up once, when the master starts; what consists of digits is a
// number.
type Credential struct {
	// User is the user's name or number. A number needs no account.
	User string

	// Group is the name or number of the worker's group. Empty: that of the
	// user's account; a number without one needs a Group.
	Group string

	// Groups are all its supplementary groups. Nil: those of the user's
	// account. Empty, and not nil: none.
	Groups []string

	// AllowNewPrivileges lets a worker gain rights by executing a set-id
	// program or one with file capabilities. The default forbids it, for the
	// worker and all that it starts, by PR_SET_NO_NEW_PRIVS of prctl(2): sudo
	// and ping of some systems do not work then, and a program's own file
	// capabilities have no effect. Where there is no such thing, on systems
	// other than Linux, it must be true.
	AllowNewPrivileges bool
}

// settleCredential looks the user up. A worker is that user already.
func (s *settled) settleCredential() (err error) {
	c := s.Credential
	if c == nil || isWorker {
		return nil
	}
	if c.User == "" {
		return errors.New("Config.Credential.User is missing")
	}
	if s.as, err = credential.Look(c.User, c.Group, c.Groups); err != nil {
		return fmt.Errorf("Config.Credential: %w", err)
	}
	s.as.NewPrivileges = c.AllowNewPrivileges
	return nil
}
