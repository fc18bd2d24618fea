//go:build unix

package master

import (
	"fmt"
	"strings"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// A standing is how far the service has come in the eyes of its manager:
//
//	starting --> ready <--> reloading
//	       \       |        /
//	        +--> stopping <+
//
// Ready is said when the first generation is live. From then on each change of
// generations is a reload: it begins when a restart is asked for or a generation
// comes up, and is over when none does any more, whether the new one is live or
// was given up. A trial is no part of it: the candidate serves.
type standing string

const (
	standingStarting  standing = ""
	standingReady     standing = "ready"
	standingReloading standing = "reloading"
	standingStopping  standing = "stopping"
)

// next returns the standing after an event, and whether it is to be said. asked
// means that the event asked for a restart: a manager that asked waits for word
// of a reload that began after its request, whatever is under way.
func (was standing) next(s machine.Snapshot, asked bool) (is standing, say bool) {
	is = was
	switch {
	case s.Stopping:
		is = standingStopping
	case was == standingStarting && s.Live == 0:
	case comesUp(s) && was != standingStarting:
		is = standingReloading
		return is, was != is || asked
	case s.Live != 0:
		is = standingReady
	}
	return is, is != was
}

// comesUp reports whether a generation is being started, or about to be.
func comesUp(s machine.Snapshot) bool {
	if s.Pending {
		return true
	}
	for _, g := range s.Generations {
		switch g.Phase {
		case machine.Starting, machine.Ready, machine.Probed:
			return true
		}
	}
	return false
}

// connections are those of the live generation.
type connections struct {
	known    bool // it counts them: it speaks version 2 of the protocol
	open     int
	accepted uint64
}

// statusText is what people see of the service.
func statusText(s machine.Snapshot, c connections) string {
	var parts []string
	draining, up := 0, 0
	for _, g := range s.Generations {
		name := fmt.Sprintf("generation %d", g.Num)
		if g.Digest != "" {
			name += fmt.Sprintf(" (release %s)", digest(g.Digest).Short())
		}
		switch g.Phase {
		case machine.Live:
			text := name + " is live"
			if g.OnTrial {
				text += " on trial"
			}
			if c.known {
				text += fmt.Sprintf(", %d connections open, %d accepted", c.open, c.accepted)
			}
			parts = append(parts, text)
		case machine.Standby:
			parts = append(parts, name+" stands by")
		case machine.Draining:
			draining++
		default:
			up++
			parts = append(parts, name+" comes up")
		}
	}
	if s.Live == 0 && up == 0 && !s.Stopping {
		parts = append(parts, "no generation is live")
	}
	if draining > 0 {
		parts = append(parts, fmt.Sprintf("%d draining", draining))
	}
	text := strings.Join(parts, "; ")
	if s.Stopping {
		return strings.TrimSuffix("stopping: "+text, ": ")
	}
	return text
}
