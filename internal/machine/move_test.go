package machine

import (
	"fmt"
	"slices"
)

// A move is one thing that a world may do next.
type move struct {
	name   string
	gen    Gen
	socket int
	digest Digest
	timer  Timer
	fault  bool // something goes wrong
	asked  bool // somebody outside asks for something
	stop   bool // it is the stop
	do     func(*world, move)
}

func (mv move) String() string {
	switch {
	case mv.timer != (Timer{}):
		return fmt.Sprintf("%s: %s %d", mv.name, mv.timer.Bound, mv.timer.Gen)
	case mv.digest != "":
		return fmt.Sprintf("%s: %s", mv.name, mv.digest)
	case mv.gen != 0:
		return fmt.Sprintf("generation %d: %s", mv.gen, mv.name)
	}
	return mv.name
}

// moves lists what may happen next: first what a process, the disk and the hook
// do, then what people do, then what goes wrong, then the timers.
func (w *world) moves() []move {
	if w.exited || w.broken != "" {
		return nil
	}
	ms := make([]move, 0, 32)
	for i := range w.procs {
		ms = w.procs[i].moves(ms, w)
	}
	ms = w.diskMoves(ms)
	ms = w.peopleMoves(ms)
	for _, t := range w.timers {
		if w.mayFire(t) {
			ms = append(ms, move{name: "timer", timer: t, do: (*world).fire})
		}
	}
	return ms
}

// moves lists what the process may do or suffer next.
func (p *process) moves(ms []move, w *world) []move {
	add := func(name string, do func(*world, *process)) {
		ms = append(ms, move{name: name, gen: p.gen, do: with(do)})
	}
	fault := func(name string, spend *int, do func(*world, *process)) {
		if *spend > 0 {
			ms = append(ms, move{name: name, gen: p.gen, fault: true, do: with(do)})
		}
	}
	faults, sick := &w.left.faults, &w.left.sick
	switch {
	case !p.running:
		add("has a process", func(w *world, p *process) {
			p.running = true
			w.feed(Spawned{Gen: p.gen, Digest: p.digest, PID: 100 + int(p.gen)})
		})
		fault("cannot be started", faults, func(w *world, p *process) { w.unspawned(p, false) })
		fault("cannot be started now", faults, func(w *world, p *process) { w.unspawned(p, true) })
		return ms
	case p.dead:
		add("is reaped", func(w *world, p *process) {
			ev := Exited{Gen: p.gen, Code: p.code}
			if p.killed && p.code > killSignal {
				ev.Code, ev.Signal = 0, p.code-killSignal
			}
			w.gone(p.gen)
			w.feed(ev)
		})
		return ms
	}
	if p.probes > 0 {
		if p.able() && p.greeted && !p.lost {
			add("passes its probe", func(w *world, p *process) { w.probed(p, "") })
			fault("fails its probe", sick, func(w *world, p *process) { w.left.sick--; w.probed(p, "status 500") })
		} else {
			add("fails its probe", func(w *world, p *process) { w.probed(p, "no answer") })
		}
	}
	if p.hung {
		return ms
	}
	if p.ending {
		add("ends", func(w *world, p *process) { p.die(0) })
	}
	if p.unsaid {
		add("confirms that it accepts", func(w *world, p *process) { p.unsaid = false; w.feed(Opened{Gen: p.gen}) })
	}
	if p.inbox != "" && p.greeted {
		add("hears what it was told", func(w *world, p *process) { p.hear() })
	}
	if !p.greeted && !p.ending && !p.lost {
		add("reaches Run", func(w *world, p *process) { p.greeted = true; w.feed(Greeted{Gen: p.gen}) })
	}
	if p.greeted && !p.ending && !p.lost {
		ms = p.programMoves(ms, w)
	}
	fault("crashes", faults, func(w *world, p *process) { w.left.faults--; p.die(2) })
	if !p.ending {
		fault("returns", faults, func(w *world, p *process) { w.left.faults--; p.die(0) })
	}
	fault("hangs", faults, func(w *world, p *process) { w.left.faults--; p.hung = true })
	if !p.lost {
		fault("loses its conversation", faults, func(w *world, p *process) {
			w.left.faults--
			p.lost, p.ending, p.inbox, p.unsaid = true, true, "", false
			w.feed(Lost{Gen: p.gen})
		})
	}
	return ms
}

// programMoves lists what the user's program does on its way up.
func (p *process) programMoves(ms []move, w *world) []move {
	for i := range w.m.set.Sockets {
		if p.accepts&(1<<i) == 0 {
			ms = append(ms, move{name: fmt.Sprintf("accepts on socket %d", i), gen: p.gen, socket: i, do: func(w *world, mv move) {
				w.proc(mv.gen).accepts |= 1 << mv.socket
				w.feed(Accepting{Gen: mv.gen, Sockets: []int{mv.socket}})
			}})
		}
	}
	if g := w.m.gen(p.gen); w.m.set.Sockets == 0 && g != nil && g.phase == Starting {
		ms = append(ms, move{name: "says that it is ready", gen: p.gen, do: func(w *world, mv move) {
			w.feed(SaidReady{Gen: mv.gen})
		}})
	}
	return ms
}

// with finds the process that a move is about.
func with(do func(*world, *process)) func(*world, move) {
	return func(w *world, mv move) { do(w, w.proc(mv.gen)) }
}

func (w *world) unspawned(p *process, temporary bool) {
	w.left.faults--
	g := p.gen
	w.gone(g)
	w.feed(SpawnFailed{Gen: g, Reason: "cannot allocate memory", Temporary: temporary})
}

func (w *world) probed(p *process, failure string) {
	p.probes--
	w.feed(ProbeDone{Gen: p.gen, Err: failure})
}

func (w *world) diskMoves(ms []move) []move {
	if w.install != "" {
		if w.renamed {
			ms = append(ms, move{name: "installation succeeds", digest: w.install, do: func(w *world, mv move) { w.answer() }})
		} else {
			ms = append(ms, move{name: "installation renames", digest: w.install, do: func(w *world, mv move) { w.rename() }})
			if w.left.faults > 0 {
				ms = append(ms, move{name: "installation fails", digest: w.install, fault: true, do: func(w *world, mv move) {
					w.left.faults--
					w.answer()
				}})
			}
		}
	}
	for _, d := range w.asks {
		ms = append(ms,
			move{name: "hook says yes", digest: d, do: func(w *world, mv move) { w.allow(mv.digest, true) }},
			move{name: "hook says no", digest: d, fault: true, do: func(w *world, mv move) { w.allow(mv.digest, false) }})
	}
	return ms
}

func (w *world) allow(d Digest, ok bool) {
	i := slices.Index(w.asks, d)
	w.asks = slices.Delete(w.asks, i, i+1)
	w.feed(Allowed{Digest: d, OK: ok})
}

// peopleMoves lists what is asked from outside; a fair world is asked nothing.
func (w *world) peopleMoves(ms []move) []move {
	if w.left.restarts > 0 {
		ms = append(ms, move{name: "restart asked", asked: true, do: func(w *world, mv move) {
			w.left.restarts--
			w.feed(RestartAsked{By: "signal", Force: w.m.set.NoRestart && w.left.restarts > 0})
		}})
	}
	if w.left.stops > 0 {
		ms = append(ms, move{name: "stop asked", fault: true, stop: true, do: func(w *world, mv move) {
			w.left.stops--
			w.feed(StopAsked{Signal: sigterm})
		}})
	}
	if w.left.stages > 0 {
		for _, d := range digests[1 : len(digests)-1] {
			ms = append(ms, move{name: "staged", digest: d, asked: true, do: (*world).stage})
		}
	}
	if w.left.flips > 0 {
		ms = append(ms, move{name: "link flipped", asked: true, do: func(w *world, mv move) {
			w.left.flips--
			w.installed = digests[len(digests)-1]
		}})
	}
	return ms
}

// stage puts a candidate on the disk, unless it stands there or is being moved
// from there.
func (w *world) stage(mv move) {
	w.left.stages--
	if !slices.Contains(w.staged, mv.digest) && w.install != mv.digest {
		w.staged = append(w.staged, mv.digest)
		slices.Sort(w.staged)
	}
	w.feed(Staged{Digest: mv.digest})
}

// mayFire leaves out what no host does: a spawn that takes longer than the
// bound on an end.
func (w *world) mayFire(t Timer) bool {
	spawning := func(p process) bool { return !p.running && (t.Gen == p.gen || t.Bound == BoundFinal) }
	return t.Bound != BoundEnd && t.Bound != BoundFinal || !slices.ContainsFunc(w.procs, spawning)
}

func (w *world) fire(mv move) {
	w.timers = slices.DeleteFunc(w.timers, func(t Timer) bool { return t == mv.timer })
	w.feed(TimerFired{Timer: mv.timer})
}
