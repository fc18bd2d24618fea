package machine

import "time"

// clock orders the timers of a fair world by the time they were set for.
type clock struct {
	now time.Duration
	due map[Timer]time.Duration
}

func newClock() *clock { return &clock{due: map[Timer]time.Duration{}} }

// longest bounds how many moves a world may need to come to rest.
const longest = 500

// rest runs the world on without further faults until nothing is left to
// happen: processes are fast, so a timer fires only when all of them wait.
func (w *world) rest() {
	w.clock = newClock()
	for _, t := range w.timers {
		w.clock.due[t] = w.m.set.length(t.Bound)
	}
	for range longest {
		ms := w.moves()
		i := w.fairMove(ms)
		if i < 0 {
			return
		}
		ms[i].do(w, ms[i])
	}
	w.violate("no rest after %d fair moves", longest)
}

// fairMove returns which of the moves happens next where nothing goes wrong and
// nothing is asked; -1: nothing does.
func (w *world) fairMove(ms []move) int {
	next := -1
	var due time.Duration
	for i, mv := range ms {
		switch {
		case mv.fault || mv.asked:
		case mv.timer == Timer{}:
			return i
		case next < 0 || w.clock.due[mv.timer] < due:
			next, due = i, w.clock.due[mv.timer]
		}
	}
	if next >= 0 {
		w.clock.now = max(w.clock.now, due)
	}
	return next
}

// length is how long a bound is at most.
func (s Settings) length(b Bound) time.Duration {
	switch b {
	case BoundReady, BoundCover:
		return s.ReadyTimeout
	case BoundSettle:
		return s.Settle
	case BoundProbe:
		return s.ProbeInterval
	case BoundOpen:
		return s.OpenTimeout
	case BoundProbation:
		return s.Probation
	case BoundStable:
		return s.Stable
	case BoundEnd:
		return s.TerminateTimeout
	case BoundLost:
		return s.LostTimeout
	case BoundRespawn:
		return s.Respawn.Max
	case BoundDefer:
		return s.DeferInterval
	case BoundRetry, BoundSuccessor:
		return s.Retry.Max
	}
	return s.FinalTimeout
}

// comesToRest checks that a fair world ends with one live generation and
// nothing left to do, or with the master's end.
func (w *world) comesToRest() {
	w.rest()
	if w.broken != "" || w.exited {
		return
	}
	m := w.m
	switch in := m.gen(m.incoming); {
	case m.stopping != nil:
		w.violate("at rest, stopping and not ended")
	case w.owed:
		w.violate("at rest, and a restart that was asked for was not served")
	case in != nil && in.slow && len(m.gens) == 1:
		return // the only one there is, and it may still get ready
	case len(m.gens) != 1 || m.live() == nil:
		w.violate("at rest with %d generations, live: %v", len(m.gens), m.live() != nil)
	case m.incoming != 0 || m.next != nil || m.pending || m.installing != "":
		w.violate("at rest with something under way")
	case m.live().onTrial:
		w.violate("at rest with a trial that is not over")
	case w.outdated():
		w.violate("at rest, and the master is older than its program")
	case m.waiting != "" && m.hold != manual && !m.held:
		w.violate("at rest with %s waiting", m.waiting)
	}
}

// comesToAnEnd checks that a stop ends the master.
func (w *world) comesToAnEnd() {
	if w.succeeding != "" {
		w.replace() // nothing comes in between
	}
	w.feed(StopAsked{Signal: sigterm})
	w.rest()
	if w.broken == "" && !w.exited {
		w.violate("a stop was asked for and the master does not end")
	}
}
