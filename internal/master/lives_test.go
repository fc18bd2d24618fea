//go:build unix

package master

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
)

func TestLives(t *testing.T) {
	var l lives
	at := time.Unix(100, 0)
	see := func(gens ...machine.Generation) {
		l.observe(machine.Snapshot{Generations: gens}, nil, at)
		at = at.Add(time.Second)
	}
	see(machine.Generation{Num: 1, Phase: machine.Starting})
	see(machine.Generation{Num: 1, Phase: machine.Live, Digest: "a"})
	see(machine.Generation{Num: 1, Phase: machine.Live, Digest: "a"})
	see(machine.Generation{Num: 1, Phase: machine.Standby, Digest: "a"}, machine.Generation{Num: 2, Phase: machine.Live, Digest: "b", OnTrial: true})
	l.reported(admin.Event{Kind: admin.RolledBack, Generation: 2, Reason: "probe failed", Output: "oh"})
	see(machine.Generation{Num: 1, Phase: machine.Live, Digest: "a"}, machine.Generation{Num: 2, Phase: machine.Draining, Digest: "b"})
	l.reported(admin.Event{Kind: admin.Gone, Generation: 2, Reason: "exited with code 0"})
	see(machine.Generation{Num: 1, Phase: machine.Live, Digest: "a"})

	story := func(g admin.Generation) string {
		var parts []string
		for _, p := range g.Phases {
			parts = append(parts, fmt.Sprintf("%s %d", p.Phase, p.At.Unix()))
		}
		return strings.Join(parts, ", ")
	}
	if got, want := story(*l.now[0]), "starting 100, live 101, standby 103, live 104"; got != want {
		t.Errorf("generation 1: %s, want %s", got, want)
	}
	if len(l.now) != 1 || len(l.gone) != 1 {
		t.Fatalf("%d live on, %d are gone, want 1 and 1", len(l.now), len(l.gone))
	}
	gone := l.gone[0]
	if got, want := story(gone), "live 103, draining 104, gone 105"; got != want || gone.Exit != "probe failed" || gone.Output != "oh" || gone.OnTrial {
		t.Errorf("generation 2: %s, %+v, want %s", got, gone, want)
	}
	for n := range machine.Gen(3 * keptLives) {
		see(machine.Generation{Num: n + 3, Phase: machine.Live})
	}
	if len(l.gone) != keptLives || l.gone[keptLives-1].Number != 3*keptLives+1 {
		t.Errorf("%d are kept, the last of them %d", len(l.gone), l.gone[len(l.gone)-1].Number)
	}
}
