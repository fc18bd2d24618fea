package machine

import (
	"slices"
	"time"
)

// A Machine holds the state of one master's decisions. The zero value is not
// usable; it is not safe for concurrent use.
type Machine struct {
	set  Settings
	gens []*generation // those that have, or will have, a process; oldest first
	last Gen           // the newest number given

	incoming Gen    // the generation that is to take over; 0: none
	next     *start // what is started as soon as nothing stands in its way
	pending  bool   // a restart was asked for while one was under way

	waiting    Digest // a staged candidate that has not been tried
	hold       hold   // why it is not tried at once
	installing Digest // the candidate that Install was asked for
	proven     Digest // what ran live last, its probation passed
	refused    map[Digest]bool

	retries    int  // tries of a candidate put off in a row
	crashes    int  // ends of the program in a row
	respawning bool // a crashed program waits for its backoff
	lastCode   int  // exit code of the program that ended last

	stopping *stop
	done     bool
	effects  []Effect
}

// start is a generation to come: from a candidate, or from what is installed.
type start struct{ candidate Digest }

// hold says why a waiting candidate is not tried.
type hold string

const (
	free     hold = ""         // it is tried as soon as nothing else is under way
	asked    hold = "asked"    // the user's hook has the question
	allowed  hold = "allowed"  // the user's hook said yes: as free, without the question
	deferred hold = "deferred" // the user's hook said no
	retrying hold = "retrying" // it failed through no fault of its own
	manual   hold = "manual"   // it waits for a restart asked by hand
)

// New returns a machine that waits for [Boot].
func New(set Settings) *Machine {
	return &Machine{set: set, refused: map[Digest]bool{}}
}

// Step takes one event in and returns what must be done about it, in order. The
// effects are the caller's to keep.
func (m *Machine) Step(ev Event) []Effect {
	m.effects = nil
	if m.done {
		return nil
	}
	m.take(ev)
	m.proceed()
	m.finish()
	return m.effects
}

// take hands the event to the part of the machine that it concerns. An event
// about a generation that is gone says nothing any more.
func (m *Machine) take(ev Event) {
	switch ev := ev.(type) {
	case Boot:
		m.spawn(start{})
	case RestartAsked:
		m.restartAsked(ev)
	case StopAsked:
		m.stopAsked(ev)
	case SignalAsked:
		m.signalAsked(ev)
	case Staged:
		m.staged(ev.Digest)
	case Allowed:
		m.answered(ev)
	case Installed:
		m.installed(ev)
	case Spawned:
		m.about(ev.Gen, func(g *generation) { m.spawned(g, ev.Digest) })
	case SpawnFailed:
		m.about(ev.Gen, func(g *generation) { m.spawnFailed(g, ev) })
	case Greeted:
		m.about(ev.Gen, m.greeted)
	case Accepting:
		m.about(ev.Gen, func(g *generation) { m.accepting(g, ev.Sockets) })
	case SaidReady:
		m.about(ev.Gen, m.ready)
	case ProbeDone:
		m.about(ev.Gen, func(g *generation) { m.probeDone(g, ev.Err) })
	case Opened:
		m.about(ev.Gen, m.opened)
	case Lost:
		m.about(ev.Gen, func(g *generation) { m.setTimer(BoundLost, g.num, m.set.LostTimeout) })
	case Exited:
		m.about(ev.Gen, func(g *generation) { m.exited(g, ev) })
	case TimerFired:
		m.timerFired(ev.Timer)
	}
}

func (m *Machine) about(num Gen, f func(*generation)) {
	if g := m.gen(num); g != nil {
		f(g)
	}
}

// timerFired is the table of all bounds.
func (m *Machine) timerFired(t Timer) {
	switch t.Bound {
	case BoundRespawn:
		if m.respawning {
			m.respawning = false
			m.begin(start{})
		}
		return
	case BoundDefer, BoundRetry:
		if m.hold == deferred || m.hold == retrying {
			m.hold = free
		}
		return
	case BoundFinal:
		m.gens, m.installing = nil, ""
		return
	}
	g := m.gen(t.Gen)
	if g == nil {
		return
	}
	switch t.Bound {
	case BoundReady:
		m.notReadyInTime(g)
	case BoundSettle:
		m.ready(g)
	case BoundProbe:
		m.emit(Probe{Gen: g.num})
	case BoundOpen:
		m.notOpenedInTime(g)
	case BoundCover:
		m.notCoveredInTime(g)
	case BoundProbation:
		m.probationOver(g)
	case BoundStable:
		m.crashes = 0
	case BoundLost:
		m.emit(Kill{Gen: g.num})
	case BoundEnd:
		m.notEndedInTime(g)
	}
}

// proceed begins what can begin now that the event is dealt with: it is the
// only place where a restart, a trial or an untried installation starts by
// itself, and where a generation is spawned.
func (m *Machine) proceed() {
	if m.stopping != nil {
		return
	}
	if m.set.NoRestart && m.waiting != "" && m.hold == free && m.installing == "" {
		m.install(m.takeWaiting())
	}
	if g := m.gen(m.incoming); g != nil && g.slow && m.pending {
		m.report(KindFailed, g, "given up for the restart that was asked for")
		m.terminate(g)
		m.incoming = 0
		m.restart()
	}
	if m.incoming != 0 {
		return
	}
	if m.next == nil {
		m.choose()
	}
	// While a candidate is being installed nobody can say which bytes the
	// installed path names, and the candidate may have crashed by now.
	if m.next != nil && m.installing == "" && (!m.set.Sequential || len(m.gens) == 0) {
		s := *m.next
		m.next = nil
		m.spawn(s)
	}
}

// choose picks what is started next. A handover ends before the next begins:
// whoever stands by is the one to put back, and can be that for one only.
func (m *Machine) choose() {
	live := m.live()
	switch {
	case live == nil && m.respawning && m.pending:
		m.stopTimer(BoundRespawn, 0)
		m.respawning = false
		m.restart()
	case live == nil || m.handingOver():
	case m.pending:
		m.restart()
	case m.waiting == "" || m.set.NoRestart:
	case m.hold == free && m.set.AskFirst:
		m.hold = asked
		m.emit(Ask{Digest: m.waiting})
	case m.hold == free || m.hold == allowed:
		m.begin(start{candidate: m.takeWaiting()})
	}
}

// restart begins the restart that was asked for by hand, with the candidate that
// waits, whatever it waits for.
func (m *Machine) restart() {
	m.pending = false
	if m.set.NoRestart {
		m.begin(start{})
		return
	}
	m.begin(start{candidate: m.takeWaiting()})
}

// handingOver reports whether the live generation still has to prove itself or
// to relieve the one before, or its binary is being installed.
func (m *Machine) handingOver() bool {
	live := m.live()
	return m.installing != "" || live != nil && live.onTrial || m.newest(Standby) != nil
}

func (m *Machine) takeWaiting() Digest {
	d := m.waiting
	m.setWaiting("", free)
	return d
}

// setWaiting puts a candidate in the waiting place, or empties it.
func (m *Machine) setWaiting(d Digest, why hold) {
	if m.hold == deferred {
		m.stopTimer(BoundDefer, 0)
	}
	if m.hold == retrying {
		m.stopTimer(BoundRetry, 0)
	}
	m.waiting, m.hold = d, why
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
