package machine

import "slices"

// check looks at all that must hold between two events. What must hold of one
// effect is checked where it is carried out.
func (w *world) check() {
	w.checkCounts()
	w.checkProcesses()
	w.checkTimers()
	w.checkDisk()
	w.checkReverted()
	if !w.m.set.Sequential && w.m.stopping == nil {
		w.checkSockets()
	}
}

// checkSockets: somebody accepts on each socket on which a healthy process
// could.
func (w *world) checkSockets() {
	for i := range w.known() {
		socket := byte(1) << i
		could := slices.IndexFunc(w.procs, func(p process) bool { return p.couldServe(socket) })
		if could < 0 || slices.ContainsFunc(w.procs, func(p process) bool { return p.serves(socket) }) {
			continue
		}
		w.violate("nobody accepts on socket %d although generation %d could", i, w.procs[could].gen)
	}
}

func (w *world) checkCounts() {
	var coming, onTrial, standby int
	for _, g := range w.m.gens {
		switch g.phase {
		case Starting, Ready, Probed:
			coming++
		case Standby:
			standby++
		}
		if g.onTrial && g.candidate != "" && g.phase != Draining {
			onTrial++
		}
	}
	if w.m.stopping == nil && coming > 1 {
		w.violate("%d generations are coming up", coming)
	}
	if onTrial > 1 {
		w.violate("%d candidates are on trial", onTrial)
	}
	if standby > 1 {
		w.violate("%d generations stand by", standby)
	}
}

// checkProcesses: no process is forgotten, and each that is to end has a bound.
func (w *world) checkProcesses() {
	for _, p := range w.procs {
		if w.m.gen(p.gen) == nil && !p.killed && !w.exited {
			w.violate("generation %d has a process and is forgotten", p.gen)
		}
	}
	for _, g := range w.m.gens {
		if w.proc(g.num) == nil {
			w.violate("generation %d is held and has no process", g.num)
		}
		if g.phase == Draining && !slices.Contains(w.timers, Timer{BoundEnd, g.num}) && !w.forced {
			w.violate("generation %d is to end and nothing bounds its end", g.num)
		}
	}
}

// checkTimers: no timer outlives its generation.
func (w *world) checkTimers() {
	if w.exited {
		return
	}
	for _, t := range w.timers {
		if t.Gen != 0 && w.m.gen(t.Gen) == nil {
			w.violate("timer %q of generation %d runs on after its end", t.Bound, t.Gen)
		}
	}
}

// checkDisk: no candidate is kept without a plan, no trial ends without a word,
// and no quarantined binary stays installed.
func (w *world) checkDisk() {
	for _, d := range w.staged {
		if !w.needed(d) && d != w.install && !w.exited {
			w.violate("%s stays staged and nobody needs it", d)
		}
	}
	for _, d := range w.records {
		if !w.onTrial(d) && d != w.install && !w.exited {
			w.violate("the trial of %s is over and stays recorded", d)
		}
	}
	if w.install == "" && slices.Contains(w.quarantined, w.installed) {
		w.violate("%s is quarantined and installed", w.installed)
	}
}
