//go:build unix

package master

import (
	"log/slog"
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/probe"
	"github.com/seed-3d078585/overseer/release"
)

// Config is what a master is made of. All of it is checked already.
type Config struct {
	Command       *Command         // of another language; nil: the program is this binary's own
	Binary        string           // the installed binary; a link is followed at each start
	Sockets       []*socket.Socket // bound; the master closes them
	Settings      machine.Settings // Sockets is set by New
	Signals       *Signals         // taken over
	Probe         probe.Probe      // nil: none
	ProbeTimeout  time.Duration    // of one probe
	QuarantineFor time.Duration    // how long a digest that failed is not tried again
	Store         *store.Store     // nil where there is no source of candidates
	Log           *slog.Logger

	// MayRestart is asked before a restart that nobody asked for; nil: always.
	MayRestart func(release.Digest) bool

	// OnCrash is told of a generation that ended without being told to; nil:
	// nobody.
	OnCrash func(Crash)
}

// A Crash is the end of a generation that nobody asked for.
type Crash struct {
	Generation int
	Digest     release.Digest
	Code       int
	Signal     int
	Output     string
}
