package machine

import (
	"fmt"
	"maps"
	"slices"
)

// A State is what a machine hands to its successor. It is taken while [Succeed]
// is carried out, when no generation comes up, stands by or is on trial, so it
// is much less than a machine holds at other times. Members may be added; what
// their absence means must be what was before.
type State struct {
	Generations []GenerationState `json:"generations"`
	Last        Gen               `json:"last"`
	Sockets     []int             `json:"sockets"` // what a generation is given
	Proven      Digest            `json:"proven"`
	Refused     []Digest          `json:"refused,omitempty"`

	Pending  bool   `json:"pending,omitempty"` // a restart was asked for
	Waiting  Digest `json:"waiting,omitempty"`
	Hold     string `json:"hold,omitempty"` // why the waiting candidate is not tried
	Held     bool   `json:"held,omitempty"`
	Retries  int    `json:"retries,omitempty"`
	Crashes  int    `json:"crashes,omitempty"`
	LastCode int    `json:"last_code,omitempty"`
}

// GenerationState is one generation of a [State].
type GenerationState struct {
	Num       Gen    `json:"num"`
	Phase     Phase  `json:"phase"` // live or draining
	Digest    Digest `json:"digest"`
	Candidate Digest `json:"candidate,omitempty"`
	Opened    bool   `json:"opened,omitempty"`
	Greeted   bool   `json:"greeted,omitempty"`
	Killed    bool   `json:"killed,omitempty"`
	Sockets   []int  `json:"sockets"`
	Accepts   []int  `json:"accepts"` // those on which the program has called Accept
}

// State copies what a successor must know.
func (m *Machine) State() State {
	s := State{
		Last:     m.last,
		Sockets:  m.sockets,
		Proven:   m.proven,
		Pending:  m.pending,
		Waiting:  m.waiting,
		Hold:     string(m.hold),
		Held:     m.held,
		Retries:  m.retries,
		Crashes:  m.crashes,
		LastCode: m.lastCode,
	}
	s.Refused = slices.Sorted(maps.Keys(m.refused))
	for _, g := range m.gens {
		gs := GenerationState{
			Num:       g.num,
			Phase:     g.phase,
			Digest:    g.digest,
			Candidate: g.candidate,
			Opened:    g.opened,
			Greeted:   g.greeted,
			Killed:    g.killed,
			Sockets:   g.sockets.numbers(),
		}
		for _, h := range g.sockets {
			if h.accepts {
				gs.Accepts = append(gs.Accepts, h.num)
			}
		}
		s.Generations = append(s.Generations, gs)
	}
	return s
}

// Resume returns a machine that goes on where another one has left off, by its
// own settings. It waits for [Resumed]. Timers are the owner's: those that ran
// go on.
func Resume(set Settings, s State) *Machine {
	m := &Machine{
		set:      set,
		refused:  map[Digest]bool{},
		last:     s.Last,
		sockets:  s.Sockets,
		proven:   s.Proven,
		pending:  s.Pending && !set.NoRestart,
		waiting:  s.Waiting,
		hold:     hold(s.Hold),
		held:     s.Held,
		retries:  s.Retries,
		crashes:  s.Crashes,
		lastCode: s.LastCode,
	}
	m.own = s.Proven
	for _, d := range s.Refused {
		m.refused[d] = true
	}
	for _, gs := range s.Generations {
		g := &generation{
			num:       gs.Num,
			phase:     gs.Phase,
			digest:    gs.Digest,
			candidate: gs.Candidate,
			opened:    gs.Opened,
			running:   true,
			greeted:   gs.Greeted,
			killed:    gs.Killed,
			sockets:   newSockets(gs.Sockets),
		}
		for _, n := range gs.Accepts {
			if h := g.sockets.get(n); h != nil {
				h.accepts = true
			}
		}
		m.gens = append(m.gens, g)
	}
	m.bound = m.wanted()
	m.rehold()
	return m
}

// rehold fits a waiting candidate to this machine's settings: a question to the
// hook has died with who asked it, and the hook may have gone.
func (m *Machine) rehold() {
	waitsForHand := m.set.NoRestartAfterFetch && !m.set.NoRestart
	switch {
	case m.waiting == "":
		m.hold = free
	case waitsForHand:
		m.hold = manual
	case m.hold == asked, m.hold == allowed, m.hold == manual:
		m.hold = free
	}
}

// Check reports what makes a state one that [Resume] cannot go on from.
func (s State) Check() error {
	live := 0
	for _, g := range s.Generations {
		switch {
		case g.Num < 1 || g.Num > s.Last:
			return fmt.Errorf("generation %d, and the newest number given is %d", g.Num, s.Last)
		case g.Phase != Live && g.Phase != Draining:
			return fmt.Errorf("generation %d is in phase %q, want %q or %q", g.Num, g.Phase, Live, Draining)
		case g.Phase == Live:
			live++
		}
	}
	if live != 1 {
		return fmt.Errorf("%d generations are live, want 1", live)
	}
	return nil
}
