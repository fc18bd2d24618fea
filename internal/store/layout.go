package store

import (
	"context"
	"os"

	"github.com/seed-3d078585/overseer/release"
)

// A layout is how releases lie on the disk: as one binary that is replaced, or
// as trees side by side, with a link to one of them. All else of a store does
// not know which: the records, the lock, the memory, how bytes arrive.
//
// What ends in Locked is called with the store's lock held.
type layout interface {
	// of is the same layout of another Store.
	of(*Store) layout

	// program is what is installed now.
	program() (string, error)

	// able is CanUpgrade.
	able() error

	// installed and openInstalled are the methods of those names.
	installed(context.Context) (release.Digest, error)
	openInstalled(context.Context) (*os.File, release.Digest, error)

	// place says where a candidate will stand, and refuses what can be
	// refused before a byte is read.
	place() (location, error)

	// intakeDir is where its bytes arrive. The state directory is there.
	intakeDir(location) string

	// stand makes a candidate of what has arrived, and takes over the
	// arrival's file where it succeeds.
	stand(ctx context.Context, a *arrival, d release.Digest, size int64) (*Staged, error)

	// discard removes a candidate that has not ended otherwise.
	discard(*Staged) error

	// hasPrevious and openPrevious are about what was installed before.
	hasPrevious() bool
	openPrevious() (*os.File, release.Digest, error)

	installLocked(context.Context, *Staged) (Installed, error)
	restoreLocked(context.Context) error

	// committed reports whether a digest is installed, and makes certain
	// that a power cut does not change that.
	committed(context.Context, release.Digest) (bool, error)

	// sweepLocked removes leftovers, those of trials that are gone included.
	sweepLocked(out *Recovery, gone []trial)
}

// binary is the layout of one binary at one path.
type binary struct{ *Store }

func (binary) of(s *Store) layout { return binary{s} }
