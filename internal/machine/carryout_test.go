package machine

import (
	"cmp"
	"slices"
)

// carryOut does to the world what the machine decided, and checks that the
// decision was one it may take.
func (w *world) carryOut(e Effect) {
	if w.exited {
		w.violate("%T after Exit", e)
	}
	switch e := e.(type) {
	case Spawn:
		w.spawn(e)
	case Probe:
		w.to(e.Gen, "Probe", func(p *process) { p.probes++ })
	case Open:
		w.to(e.Gen, "Open", func(p *process) { p.confirmed = false; p.tell(string(cmdOpen)) })
	case Pause:
		w.to(e.Gen, "Pause", func(p *process) { w.pause(p, e.Sockets) })
	case Drain:
		w.to(e.Gen, "Drain", func(p *process) { w.drain(p, e) })
	case Signal:
		w.to(e.Gen, "Signal", func(p *process) { w.signal(p, e.Signal) })
	case Kill:
		w.to(e.Gen, "Kill", func(p *process) { w.kill(p) })
	case SetTimer:
		w.set(e)
	case StopTimer:
		w.timers = slices.DeleteFunc(w.timers, func(t Timer) bool { return t == e.Timer })
	case Retire:
		w.retire(e.Sockets)
	case CheckSuccessor:
		w.checkSuccessor(e.Digest)
	case Succeed:
		w.beginSuccession(e.Digest)
	case CloseSockets:
		w.closed = true
	case Exit:
		w.exit()
	default:
		w.onDisk(e)
	}
}

// to passes a command on to a process that the machine may speak to.
func (w *world) to(g Gen, what string, f func(*process)) {
	p := w.proc(g)
	if p == nil || !p.running {
		w.violate("%s to generation %d, which has no process", what, g)
		return
	}
	f(p)
}

func (w *world) spawn(e Spawn) {
	w.owed = false
	d := e.Candidate
	if d == "" {
		d = w.installed
	} else {
		w.records = append(w.records, d)
		if !slices.Contains(w.staged, d) {
			w.violate("a trial of %s, which is not staged", d)
		}
	}
	if g := w.m.gen(e.Gen); w.m.held && e.Candidate != "" && w.chosen != e.Candidate && (g == nil || g.reverts == "") {
		w.violate("%s is tried although upgrades are held", d)
	}
	if slices.Contains(w.quarantined, d) {
		w.violate("%s is quarantined and was started again", d)
	}
	if w.closed {
		w.violate("a start after the sockets were closed")
	}
	if w.m.set.Sequential && len(w.procs) > 0 {
		w.violate("a start beside a process although generations are sequential")
	}
	w.procs = append(w.procs, process{gen: e.Gen, candidate: e.Candidate, digest: d})
}

// relieved reports whether a confirmed process accepts on the socket in the
// place of this one, or this one may be left without.
func (w *world) relieved(p *process, socket byte) bool {
	if w.m.stopping != nil || w.m.set.Sequential || p.uncovered || p.failed || !p.serves(socket) {
		return true
	}
	return slices.ContainsFunc(w.procs, func(o process) bool {
		return o.gen != p.gen && o.confirmed && o.serves(socket)
	})
}

func (w *world) pause(p *process, sockets []int) {
	cmd := byte(0)
	for _, i := range sockets {
		cmd |= 1 << i
		if !w.relieved(p, 1<<i) {
			w.violate("generation %d pauses on socket %d before another one accepts there", p.gen, i)
		}
	}
	p.tell(string([]byte{cmdPause, cmd}))
}

func (w *world) drain(p *process, e Drain) {
	w.checkEnding(p, e.Ending)
	for i := range w.known() {
		if !w.relieved(p, 1<<i) && !w.forsaken(p, 1<<i) && p.confirmed {
			w.violate("generation %d drains before another one accepts on socket %d", p.gen, i)
		}
	}
	p.told = true
	p.tell(string(cmdDrain))
}

func (w *world) signal(p *process, signal int) {
	if signal != sigterm {
		return
	}
	p.told = true
	if p.able() && !p.greeted {
		p.ending = true
	}
}

func (w *world) kill(p *process) {
	if p.able() && !p.told && !p.lost && !w.forced && p.confirmed {
		w.violate("generation %d is killed and was never told to end", p.gen)
	}
	p.killed = true
	if !p.dead {
		p.die(killSignal + 9)
	}
}

func (w *world) set(e SetTimer) {
	if w.clock != nil {
		w.clock.due[e.Timer] = w.clock.now + e.After
	}
	i, found := slices.BinarySearchFunc(w.timers, e.Timer, func(a, b Timer) int {
		return cmp.Or(cmp.Compare(a.Gen, b.Gen), cmp.Compare(a.Bound, b.Bound))
	})
	if !found {
		w.timers = slices.Insert(w.timers, i, e.Timer)
	}
}

func (w *world) exit() {
	w.exited = true
	if !w.closed {
		w.violate("the master ends and has not closed its sockets")
	}
	for _, p := range w.procs {
		if !p.killed {
			w.violate("the master ends beside generation %d, which was not killed", p.gen)
		}
	}
}
