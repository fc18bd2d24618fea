//go:build unix

package master

import (
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
)

// keptLives is how many generations are remembered that have ended.
const keptLives = 20

// lives is what is shown of generations beside what the machine holds: when each
// of their phases began, and how they ended.
type lives struct {
	now  []*admin.Generation // oldest first
	gone []admin.Generation  // oldest first
}

// observe compares what the machine holds with what was seen last.
func (l *lives) observe(s machine.Snapshot, workers map[machine.Gen]*worker, at time.Time) {
	for _, g := range s.Generations {
		one := l.of(int(g.Num))
		if one == nil {
			one = &admin.Generation{Number: int(g.Num), Started: at, Restarts: s.Crashes}
			l.now = append(l.now, one)
		}
		one.OnTrial = g.OnTrial
		one.Release.Digest = string(g.Digest)
		if w := workers[g.Num]; w != nil && w.process != nil {
			one.PID = w.process.PID
		}
		enter(one, admin.Phase(g.Phase), at)
	}
	l.now = slices.DeleteFunc(l.now, func(one *admin.Generation) bool {
		if s.Generation(machine.Gen(one.Number)) != nil {
			return false
		}
		l.bury(one, at)
		return true
	})
}

func (l *lives) bury(one *admin.Generation, at time.Time) {
	one.OnTrial = false
	enter(one, admin.PhaseGone, at)
	l.gone = append(l.gone, *one)
	if extra := len(l.gone) - keptLives; extra > 0 {
		l.gone = slices.Delete(l.gone, 0, extra)
	}
}

// maxPhases bounds what is kept of one generation: one may stand by and be put
// back again and again.
const maxPhases = 50

func enter(one *admin.Generation, p admin.Phase, at time.Time) {
	if one.Phase == p {
		return
	}
	one.Phase, one.Since = p, at
	if len(one.Phases) < maxPhases {
		one.Phases = append(one.Phases, admin.Change{Phase: p, At: at})
	}
}

func (l *lives) of(number int) *admin.Generation {
	i := slices.IndexFunc(l.now, func(one *admin.Generation) bool { return one.Number == number })
	if i < 0 {
		return nil
	}
	return l.now[i]
}

// reported takes from an event how a generation ended.
func (l *lives) reported(e admin.Event) {
	one := l.of(e.Generation)
	if one == nil {
		return
	}
	switch e.Kind {
	case admin.Failed, admin.Exited, admin.RolledBack, admin.Killed:
		one.Exit = e.Reason
	case admin.Gone:
		if one.Exit == "" {
			one.Exit = e.Reason
		}
	}
	if e.Output != "" {
		one.Output = e.Output
	}
}
