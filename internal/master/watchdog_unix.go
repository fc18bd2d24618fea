//go:build unix

package master

import (
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/systemd"
)

// This file holds what a service does from time to time.

const (
	// looksPerWatchdog is how often the live generation is looked at within the
	// manager's patience. sd_watchdog_enabled(3) advises to be heard after half
	// of it at the latest, and each look takes the way to the worker and back.
	looksPerWatchdog = 4

	// pingVersion is the version of the protocol from which on a worker answers.
	pingVersion = 2
)

// ticks returns the times for tick.
func (s *service) ticks() <-chan time.Time {
	if s == nil {
		return nil
	}
	return s.ticker.C
}

// tick asks again for the time that is left, as systemd forgets it at each
// "systemctl daemon-reload", and looks at the live generation.
func (s *service) tick() {
	if left := time.Until(s.until); left > 0 && s.waiting.Load() < queuedNotices {
		s.say(systemd.ExtendTimeout(left))
	}
	s.look()
}

// look asks the live generation for a sign of life. The manager hears from the
// watchdog when it answers, so both the owner and the generation must work. Where
// none is live, the owner is enough: what it waits for has a bound of its own.
func (s *service) look() {
	live := s.m.machine.Snapshot().Live
	w := s.m.workers[live]
	switch {
	case w == nil:
		s.alive()
	case w.version.Load() < pingVersion:
		s.alive() // that its process runs is all that can be known
	case s.of == live: // it still owes the answer to the last one
	default:
		s.asked.ID++
		s.of = live
		w.tell(s.asked)
	}
}

// answered takes a sign of life.
func (s *service) answered(gen machine.Gen, p handover.Pong) {
	if s == nil || gen != s.of || p.ID != s.asked.ID {
		return
	}
	s.of = 0
	s.counts = connections{known: true, open: p.Open, accepted: p.Accepted}
	s.alive()
	s.tellStatus()
}

func (s *service) alive() {
	if s.manager.Watchdog > 0 && s.waiting.Load() < queuedNotices {
		s.say(systemd.Alive)
	}
}
