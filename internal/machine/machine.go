package machine

import "slices"

// A Machine holds the state of one master's decisions. The zero value is not
// usable; it is not safe for concurrent use.
type Machine struct {
	set  Settings
	gens []*generation // those that have, or will have, a process; oldest first
	last Gen           // the newest number given

	incoming Gen    // the generation that is to take over; 0: none
	next     *start // what is started as soon as nothing stands in its way
	pending  bool   // a restart was asked for while one was under way

	sockets []int // what a generation is given that does not say otherwise
	bound   []int // those that the master holds, sorted

	waiting    Digest // a staged candidate that has not been tried
	hold       hold   // why it is not tried at once
	held       bool   // no candidate is tried unasked
	installing Digest // the candidate that Install was asked for
	proven     Digest // what ran live last, its probation passed
	refused    map[Digest]bool

	retries    int  // tries of a candidate put off in a row
	crashes    int  // ends of the program in a row
	respawning bool // a crashed program waits for its backoff
	lastCode   int  // exit code of the program that ended last

	succession

	stopping *stop
	done     bool
	effects  []Effect
}

// start is a generation to come: from a candidate, or from what is installed.
type start struct {
	candidate Digest
	reverts   Digest // the release that it is to put an end to
	why       string // who asked for that
}

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
	m := &Machine{set: set, refused: map[Digest]bool{}}
	for i := range set.Sockets {
		m.sockets = append(m.sockets, i)
	}
	m.bound = slices.Clone(m.sockets)
	return m
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
	m.retire()
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
	case TryAsked:
		m.tryAsked()
	case RollBackAsked:
		m.rollBackAsked(ev)
	case Reverted:
		m.reverted(ev)
	case Held:
		m.held = ev.On
	case Forgotten:
		if m.Refuses(ev) == "" {
			delete(m.refused, ev.Digest)
		}
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
		m.about(ev.Gen, func(g *generation) { m.greeted(g, ev.Sockets) })
	case Unequipped:
		m.about(ev.Gen, func(g *generation) { m.unequipped(g, ev.Reason) })
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
	case SuccessorChecked:
		m.successorChecked(ev)
	case Stayed:
		m.stayed(ev.Digest, ev.Err, true)
	case TimerFired:
		m.timerFired(ev.Timer)
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
	case BoundSuccessor:
		m.refusedSuccessor = ""
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
		m.probe(g)
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
