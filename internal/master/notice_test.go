//go:build unix

package master

import (
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// gens makes a snapshot of phases: "live standby" is generations 1 and 2. The
// word pending says that a restart has not begun.
func gens(phases string) machine.Snapshot {
	var s machine.Snapshot
	for _, p := range strings.Fields(phases) {
		switch p {
		case "pending":
			s.Pending = true
			continue
		case "stopping":
			s.Stopping = true
			continue
		}
		trial := strings.HasSuffix(p, "*")
		g := machine.Generation{Num: machine.Gen(len(s.Generations) + 1), Phase: machine.Phase(strings.TrimSuffix(p, "*")), OnTrial: trial}
		if s.Generations = append(s.Generations, g); g.Phase == machine.Live {
			s.Live = g.Num
		}
	}
	return s
}

func TestStanding(t *testing.T) {
	type step struct {
		what  string
		held  string // see gens
		asked bool
		want  string // what is said
	}
	boot := []step{{"boot", "starting", false, ""}, {"live", "live", false, "ready"}}
	for name, steps := range map[string][]step{
		"start": {
			{"boot", "starting", false, ""},
			{"asked too early", "starting pending", true, ""},
			{"open", "probed pending", false, ""},
			{"live, and the restart that was asked for begins", "live starting", false, "ready"},
			{"it goes on", "live starting", false, "reloading"},
		},
		"crash before it is live": {
			{"boot", "starting", false, ""},
			{"backoff", "", false, ""},
			{"again", "starting", false, ""},
			{"live", "live", false, "ready"},
		},
		"restart": append(boot[:2:2],
			step{"asked", "live starting", true, "reloading"},
			step{"ready", "live ready", false, ""},
			step{"live", "draining live", false, "ready"},
			step{"gone", "live", false, ""}),
		"restart that fails": append(boot[:2:2],
			step{"asked", "live starting", true, "reloading"},
			step{"failed", "live draining", false, "ready"}),
		"restart asked for in a restart": append(boot[:2:2],
			step{"asked", "live starting", true, "reloading"},
			step{"asked again", "live starting pending", true, "reloading"},
			step{"live, and the next begins", "draining live starting", false, ""},
			step{"live", "draining draining live", false, "ready"}),
		"upgrade": append(boot[:2:2],
			step{"trial begins", "live starting", false, "reloading"},
			step{"on trial", "standby live*", false, "ready"},
			step{"asked on trial", "standby live* pending", true, "reloading"},
			step{"committed, and the restart begins", "draining live starting", false, ""},
			step{"live", "draining draining live", false, "ready"}),
		"rollback": append(boot[:2:2],
			step{"trial begins", "live starting", false, "reloading"},
			step{"on trial", "standby live*", false, "ready"},
			step{"crash, put back", "probed", false, "reloading"},
			step{"live", "live", false, "ready"}),
		"in sequence": append(boot[:2:2],
			step{"asked", "draining pending", true, "reloading"},
			step{"started", "starting", false, ""},
			step{"live", "live", false, "ready"}),
		"crash loop": append(boot[:2:2],
			step{"backoff", "", false, ""},
			step{"started", "starting", false, "reloading"},
			step{"backoff again", "", false, ""},
			step{"started again", "starting", false, ""},
			step{"live", "live", false, "ready"}),
		"stop": append(boot[:2:2],
			step{"asked", "live starting", true, "reloading"},
			step{"stop", "draining draining stopping", false, "stopping"},
			step{"gone", "draining stopping", false, ""},
			step{"asked", "draining stopping", true, ""}),
		"stop before it is live": {
			{"boot", "starting", false, ""},
			{"stop", "draining stopping", false, "stopping"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var standing standing
			for _, s := range steps {
				is, say := standing.next(gens(s.held), s.asked)
				got := ""
				if say {
					got = string(is)
				}
				if got != s.want {
					t.Errorf("%s: with %q, %q said %q, want %q", s.what, s.held, standing, got, s.want)
				}
				standing = is
			}
		})
	}
}

func TestStatusText(t *testing.T) {
	for _, row := range []struct {
		held  string
		conns connections
		want  string
	}{
		{"starting", connections{}, "generation 1 comes up"},
		{"live", connections{}, "generation 1 is live"},
		{"live", connections{known: true, open: 3, accepted: 70}, "generation 1 is live, 3 connections open, 70 accepted"},
		{"standby live*", connections{}, "generation 1 stands by; generation 2 is live on trial"},
		{"draining draining live starting", connections{}, "generation 3 is live; generation 4 comes up; 2 draining"},
		{"draining", connections{}, "no generation is live; 1 draining"},
		{"", connections{}, "no generation is live"},
		{"draining stopping", connections{}, "stopping: 1 draining"},
		{"stopping", connections{}, "stopping"},
	} {
		if got := statusText(gens(row.held), row.conns); got != row.want {
			t.Errorf("with %q the status is %q, want %q", row.held, got, row.want)
		}
	}
	s := gens("live")
	s.Generations[0].Digest = machine.Digest(strings.Repeat("ab", 32))
	if got, want := statusText(s, connections{}), "generation 1 (release abababababab) is live"; got != want {
		t.Errorf("the status is %q, want %q", got, want)
	}
}
