package machine

import (
	"slices"
	"time"
)

func (m *Machine) about(num Gen, f func(*generation)) {
	if g := m.gen(num); g != nil {
		f(g)
	}
}

func (m *Machine) gen(num Gen) *generation {
	for _, g := range m.gens {
		if g.num == num {
			return g
		}
	}
	return nil
}

// newest returns the newest generation in a phase, or nil.
func (m *Machine) newest(p Phase) *generation {
	for _, g := range slices.Backward(m.gens) {
		if g.phase == p {
			return g
		}
	}
	return nil
}

func (m *Machine) live() *generation { return m.newest(Live) }

// inPhase returns the generations in a phase, oldest first.
func (m *Machine) inPhase(p Phase) []*generation {
	var found []*generation
	for _, g := range m.gens {
		if g.phase == p {
			found = append(found, g)
		}
	}
	return found
}

func (m *Machine) remove(g *generation) {
	m.stopTimers(g)
	m.gens = slices.DeleteFunc(m.gens, func(o *generation) bool { return o == g })
	if m.incoming == g.num {
		m.incoming = 0
	}
}

func (m *Machine) emit(e Effect) { m.effects = append(m.effects, e) }

func (m *Machine) report(k Kind, g *generation, reason string) {
	d := g.digest
	if d == "" {
		d = g.candidate
	}
	m.emit(Report{Kind: k, Gen: g.num, Digest: d, Reason: reason})
}

func (m *Machine) setTimer(b Bound, num Gen, d time.Duration) {
	m.emit(SetTimer{Timer: Timer{Bound: b, Gen: num}, After: d})
}

func (m *Machine) stopTimer(b Bound, num Gen) {
	m.emit(StopTimer{Timer: Timer{Bound: b, Gen: num}})
}

// stopTimers takes back all that may run for a generation.
func (m *Machine) stopTimers(g *generation) {
	for _, b := range []Bound{BoundReady, BoundSettle, BoundProbe, BoundOpen, BoundCover, BoundProbation, BoundStable, BoundLost, BoundEnd} {
		m.stopTimer(b, g.num)
	}
}
