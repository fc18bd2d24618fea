package machine

import (
	"fmt"
	"slices"
)

// A world is a machine and the host it decides for: processes, timers, the
// disk, the user's hook. It is a value to explore: each [move] is one thing
// that a host may do next, and each state can be cloned.
type world struct {
	m      *Machine
	mutate mutation

	procs  []process // oldest first
	timers []Timer   // those that run, sorted
	asks   []Digest  // questions the hook has not answered

	installed Digest // what the installed path names
	previous  Digest // what it named before
	install   Digest // the installation under way
	renamed   bool   // its rename is done, its answer is not given

	staged      []Digest // candidates on the disk
	records     []Digest // trials recorded and not ended
	quarantined []Digest

	back       Digest // what an order goes back to
	leaving    Digest // and what it leaves
	checking   Digest // the successor that is being checked
	succeeding Digest // the successor that takes over now
	fresh      int    // sockets that configurations have added
	retired    byte   // sockets that the master has closed

	chosen Digest // what was to be started next before this step

	left   budget
	owed   bool // a restart was asked for and nothing was started since
	forced bool // two signals have asked for the stop
	asked  bool // one signal has
	closed bool // CloseSockets
	exited bool

	broken string     // the promise that does not hold
	heard  func(line) // gets each event with its effects; nil: nobody listens
	clock  *clock     // nil: timers fire whenever they like
}

// line is one step of the machine.
type line struct {
	event   Event
	effects []Effect
}

// budget bounds what a world does unasked.
type budget struct{ restarts, stops, stages, faults, sick, flips, moves, orders int }

// digests are all the binaries of a world; the first is installed at the start
// and the last is what the installed path is flipped to.
var digests = []Digest{"a", "b", "c", "z"}

func newWorld(set Settings, left budget, mutate mutation) *world {
	if mutate == nil {
		mutate = func(w *world, ev Event) []Effect { return w.m.Step(ev) }
	}
	return &world{m: New(set), left: left, mutate: mutate, installed: digests[0]}
}

func (w *world) clone() *world {
	c := *w
	c.m = w.m.clone()
	c.procs = slices.Clone(w.procs)
	c.timers = slices.Clone(w.timers)
	c.asks = slices.Clone(w.asks)
	c.staged = slices.Clone(w.staged)
	c.records = slices.Clone(w.records)
	c.quarantined = slices.Clone(w.quarantined)
	return &c
}

// violate notes the first promise that does not hold.
func (w *world) violate(format string, args ...any) {
	if w.broken == "" {
		w.broken = fmt.Sprintf(format, args...)
	}
}

// feed gives the machine an event and carries out what it decides.
func (w *world) feed(ev Event) {
	w.before(ev)
	effects := w.mutate(w, ev)
	if w.heard != nil {
		w.heard(line{ev, effects})
	}
	for _, e := range effects {
		w.carryOut(e)
	}
	w.check()
}

// before notes what the promises need to know of an event.
func (w *world) before(ev Event) {
	w.chosen = ""
	if w.m.next != nil {
		w.chosen = w.m.next.candidate
	}
	switch ev := ev.(type) {
	case RestartAsked:
		w.owed = w.m.stopping == nil && !w.m.set.NoRestart
	case StopAsked:
		w.forced = w.asked && ev.Signal != 0
		w.asked = w.asked || ev.Signal != 0
	case Opened:
		w.proc(ev.Gen).confirmed = true
	case TimerFired:
		p := w.proc(ev.Timer.Gen)
		switch {
		case p == nil:
		case ev.Timer.Bound == BoundProbation:
			p.proved = true
		case ev.Timer.Bound == BoundCover:
			p.uncovered = true
		}
	}
}

func (w *world) proc(g Gen) *process {
	i := slices.IndexFunc(w.procs, func(p process) bool { return p.gen == g })
	if i < 0 {
		return nil
	}
	return &w.procs[i]
}

// gone removes a process whose end was reported.
func (w *world) gone(g Gen) {
	w.procs = slices.DeleteFunc(w.procs, func(p process) bool { return p.gen == g })
}

func (w *world) key() string {
	k := key{buf: make([]byte, 0, 256)}
	for _, g := range w.m.gens {
		k.ranks = append(k.ranks, g.num)
	}
	for _, p := range w.procs {
		k.ranks = append(k.ranks, p.gen)
	}
	slices.Sort(k.ranks)
	k.ranks = slices.Compact(k.ranks)
	k.machine(w.m)
	for i := range w.procs {
		k.process(&w.procs[i])
	}
	k.number(254)
	for _, t := range w.timers {
		if t.Bound == BoundStable {
			continue
		}
		k.text(string(t.Bound[0:3]))
		k.gen(t.Gen)
	}
	for _, set := range [][]Digest{w.asks, w.staged, w.records, w.quarantined, {w.installed, w.previous, w.install, w.checking, w.succeeding, w.back, w.leaving}} {
		for _, d := range set {
			k.text(string(d))
		}
		k.number(254)
	}
	k.bools(w.renamed, w.owed, w.asked, w.forced, w.closed, w.exited)
	l := w.left
	for _, n := range []int{l.restarts, l.stops, l.stages, l.faults, l.sick, l.flips, l.moves, l.orders, w.fresh, int(w.retired)} {
		k.number(n)
	}
	return string(k.buf)
}
