package trust

import (
	"context"

	"github.com/seed-3d078585/overseer/release"
)

// A Memory keeps what a policy must not forget between two starts: the highest
// manifest it has seen, above all, so that an older one cannot be played back.
type Memory interface {
	// Update calls change with what is kept under name (nil: nothing yet) and
	// keeps what that returns, durably, before it returns. It holds a lock, so
	// that two masters that share a state directory do not overwrite each
	// other. An error of change is returned as it is and nothing is written;
	// nothing is written either where the bytes stay the same. name is of the
	// form [a-z0-9][a-z0-9.-]* and has at most 64 bytes.
	Update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error
}

// A Host is where a policy decides. Each field may be zero.
type Host struct {
	// Memory outlives the process. Nil: what a policy learns is forgotten
	// with it.
	Memory Memory

	// Installed returns the digest of the program that is installed now.
	Installed func(context.Context) (release.Digest, error)

	// MachineID tells this host from others, for a staged rollout. It is
	// hashed and leaves the process in no other form. Empty: that of
	// machine-id(5), else the name of the host. Containers of one image may
	// share the former, so one that matters is given here.
	MachineID string
}

// HostPolicy is the optional second interface of a policy that needs to know
// its host. Where a policy is used without being told, it goes by what the
// process knows.
type HostPolicy interface {
	Policy

	// On returns the policy bound to a host. The receiver is unchanged.
	On(Host) Policy
}

// On binds a policy to a host where it wants that.
func On(p Policy, h Host) Policy {
	if hp, ok := p.(HostPolicy); ok {
		return hp.On(h)
	}
	return p
}
