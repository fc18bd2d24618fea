//go:build unix

package master

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/digests"
	"github.com/seed-3d078585/overseer/internal/journal"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/internal/systemd"
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
	Digests       Digests          // nil: what lives as long as the master
	Described     []Described      // the configuration in words
	Log           *slog.Logger
	Service       *systemd.Service // the service manager, nil: none
	Kept          bool             // it is known to keep sockets for the next start

	// Credential is the user that workers run as; nil: that of the master.
	Credential *proc.Credential

	// MayRestart is asked before a restart that nobody asked for; nil: always.
	MayRestart func(release.Digest) bool

	// CheckSuccessor asks the binary in a file whether it can go on from the
	// state in another one.
	CheckSuccessor func(ctx context.Context, binary, state *os.File) error

	// Temporary reports whether an error of CheckSuccessor is the host's fault.
	Temporary func(error) bool

	Name       string           // of the program, for people
	Journal    *journal.Journal // nil: a new one, in memory
	Looker     Looker           // asks the source at once; nil: there is none
	SourceName string
	Level      Level // of Log
	Admin      Admin

	// OnEvent is told each event, one at a time; nil: nobody.
	OnEvent func(admin.Event)

	// OnCrash is told of a generation that ended without being told to; nil:
	// nobody.
	OnCrash func(Crash)
}

// Digests tells the digests of binaries, and remembers them: see package digests.
type Digests interface {
	Of(*os.File) (digests.Sums, error)
	Keep() error
}

// A Looker asks the source of releases.
type Looker interface {
	// Look has it asked now; an event tells what came of it.
	Look()

	// Looked returns when it was asked last and is asked next, and why that
	// failed.
	Looked() (last, next time.Time, err error)

	// Progress returns how far a release has come that is on its way to be
	// offered; nil: none is.
	Progress() *admin.Operation
}

// A Level is that of a log.
type Level interface {
	Set(slog.Level)
	Name() string
}

// A Crash is the end of a generation that nobody asked for.
type Crash struct {
	Generation int
	Digest     release.Digest
	Code       int
	Signal     int
	Output     string
}

// Setting returns what the master before was configured with.
func (s State) Setting(name string) string {
	for _, d := range s.Config {
		if d.Name == name {
			return d.Value
		}
	}
	return ""
}

// Described is one setting of a configuration in words, to tell what a new one
// changes.
type Described struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
