package machine

import "fmt"

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
		add("reaches Run", (*world).greet)
		if w.left.moves > 0 {
			ms = append(ms, move{name: "reaches Run and listens elsewhere", gen: p.gen, asked: true, do: with((*world).greetElsewhere)})
		}
	}
	if p.running && !p.greeted && !p.ending && !p.lost && w.left.moves > 0 {
		fault("cannot be given its sockets", faults, func(w *world, p *process) {
			w.left.faults--
			w.feed(Unequipped{Gen: p.gen, Reason: "address in use"})
		})
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
	for i := range w.known() {
		if p.sockets&(1<<i) != 0 && p.accepts&(1<<i) == 0 {
			ms = append(ms, move{name: fmt.Sprintf("accepts on socket %d", i), gen: p.gen, socket: i, do: func(w *world, mv move) {
				w.proc(mv.gen).accepts |= 1 << mv.socket
				w.feed(Accepting{Gen: mv.gen, Sockets: []int{mv.socket}})
			}})
		}
	}
	if g := w.m.gen(p.gen); p.sockets == 0 && g != nil && g.phase == Starting {
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
