package master

import (
	"slices"

	"github.com/seed-3d078585/overseer/internal/socket"
)

// showing writes down what is for those who look at the master.
func (m *Master) showing(s *State) {
	s.Started = m.started
	for _, one := range m.lives.now {
		s.Lives = append(s.Lives, *one)
	}
	s.Gone = slices.Clone(m.lives.gone) // the state is written by whoever checks it, beside the owner
	s.Journal = m.cfg.Journal.Handoff()
	s.Told = m.told.Load()
	s.Level = m.level
	if c := m.console.socket; c != nil {
		s.Admin = &socketState{FD: int(c.FD()), Record: c.Record()}
	}
}

// takeShowing goes on with it.
func (m *Master) takeShowing(s State) {
	if !s.Started.IsZero() {
		m.started = s.Started
	}
	for _, one := range s.Lives {
		m.lives.now = append(m.lives.now, &one)
	}
	m.lives.gone = s.Gone
	m.level = s.Level
	m.cfg.Journal.Adopt(s.Journal)
	m.followEvents(s.Told)
}

// AdminSocket returns the socket of the admin API of the master before where it
// has one of the paths. Another one is closed, and its name removed.
func (s State) AdminSocket(paths ...string) *socket.Socket {
	if s.Admin == nil {
		return nil
	}
	held, err := socket.Adopt(uintptr(s.Admin.FD), s.Admin.Record)
	if err != nil {
		return nil // a new one is bound
	}
	for _, path := range paths {
		if held.Record().Node.Path == path {
			return held
		}
	}
	held.Unlink()
	held.Close()
	return nil
}
