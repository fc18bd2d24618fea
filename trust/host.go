package trust

import (
	"context"

	"github.com/seed-3d078585/overseer/release"
)

// A Memory keeps what a policy must not forget between two starts of the host:
// the newest version it has seen, a root it has learned. It is safe for
// concurrent use.
type Memory interface {
	// Update calls change with what is kept under name (nil: nothing yet) and
	// keeps what it returns, durably, before it returns. It holds a lock: two
	// masters that share a state directory do not overwrite each other. An
	// error of change is returned as it is and nothing is written; so is
	// nothing where the bytes are equal. name is of the form
	// [a-z0-9][a-z0-9.-]*, at most 64 bytes.
	Update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error
}

// A Host is where a policy decides: what it may remember, and what it may ask
// about the machine.
type Host struct {
	Memory    Memory                                        // nil: what a policy learns is forgotten with the process
	Installed func(context.Context) (release.Digest, error) // may be nil
	MachineID string                                        // "" : read from the system
}

// HostPolicy is the optional second interface of a policy that needs its host.
// On returns the policy bound to it; the receiver is unchanged.
type HostPolicy interface {
	Policy
	On(Host) Policy
}
