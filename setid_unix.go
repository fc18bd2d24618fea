//go:build unix

package overseer

import (
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/shim"
)

// setID says that this process has its rights from the set-id bits of its file,
// and was started by somebody who has them not. That one chooses the environment,
// and the variables by which a master talks to its own processes would be orders
// to somebody with more rights: so they are dropped, before any is looked at. A
// worker could not tell its master's from theirs; hence there is no master.
//
// File capabilities are no such case: workers of such a file need the variables.
var setID = disown()

func disown() bool {
	if real := os.Getuid(); real == 0 || real == os.Geteuid() && os.Getgid() == os.Getegid() {
		return false
	}
	handover.Disown()
	os.Unsetenv(shim.Variable)
	return true
}

// settleRights refuses what whoever starts it could turn against others.
func (s *settled) settleRights() error {
	if !setID {
		return nil
	}
	return fmt.Errorf("this program is set-id: user %d has started it and it has the rights of user %d and group %d, so its environment cannot be believed: clear the bits (chmod ug-s), and have it started by the user whom it is to be", os.Getuid(), os.Geteuid(), os.Getegid())
}
