//go:build unix && !linux

package master

import (
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// A master replaces itself on Linux only: elsewhere machine.Settings.Succession
// is not set.

type succession struct{}

func (m *Master) checkSuccessor(machine.Digest) {}

func (m *Master) succeed(machine.Digest) {}

// A State is what a master hands to its successor, where there can be one.
type State struct {
	Config  []Described
	Updates []byte
	Binary  string
	Kept    bool
	Level   string
}

// AdminSocket returns nothing.
func (State) AdminSocket(...string) *socket.Socket { return nil }

var errNoSuccession = fmt.Errorf("go on in the place of another master: %w on this system", errors.ErrUnsupported)

// ReadState fails.
func ReadState(f *os.File, toCheck bool) (State, error) {
	f.Close() // nothing is read
	return State{}, errNoSuccession
}

// Resume fails.
func (m *Master) Resume(State) (code int, err error) { return 1, errNoSuccession }
