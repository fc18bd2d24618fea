package machine

// This file holds the way of a generation from Starting to Live, and what
// becomes of the one before it.

// restartAsked remembers the wish; proceed carries it out, at once where
// nothing is under way.
func (m *Machine) restartAsked(ev RestartAsked) {
	switch {
	case m.stopping != nil:
		m.emit(Report{Kind: KindIgnored, Reason: "restart asked by " + ev.By + " while stopping"})
	case m.set.NoRestart && !ev.Force:
		m.stopAsked(StopAsked{})
	default:
		if m.busy() {
			m.emit(Report{Kind: KindRemembered, Reason: "restart asked by " + ev.By})
		}
		m.pending = true
	}
}

// busy reports whether a restart asked for now has to wait.
func (m *Machine) busy() bool {
	return m.incoming != 0 || m.next != nil || m.handingOver() || m.successor != ""
}

func (m *Machine) signalAsked(ev SignalAsked) {
	g := m.live()
	if g == nil {
		g = m.gen(m.incoming)
	}
	if g != nil && g.running {
		m.emit(Signal{Gen: g.num, Signal: ev.Signal})
	}
}

// begin has a generation started beside the live one, or in sequence after all
// that runs; proceed does it, in this step if it can.
func (m *Machine) begin(s start) {
	m.next = &s
	if !m.set.Sequential {
		return
	}
	for _, g := range m.gens {
		if g.phase != Draining {
			m.drain(g, 0, false)
		}
	}
}

// prove makes what the generation runs, and listens on, what others are measured
// by.
func (m *Machine) prove(g *generation) {
	m.proven, m.sockets = g.digest, g.sockets.numbers()
	m.refusedSuccessor = "" // a restart is a new try
}

func (m *Machine) spawn(s start) {
	m.last++
	g := newGeneration(m.last, s.candidate, m.sockets)
	g.onTrial = s.candidate != ""
	g.reverts, g.why = s.reverts, s.why
	m.gens = append(m.gens, g)
	m.incoming = g.num
	m.report(KindStarting, g, "")
	m.emit(Spawn{Gen: g.num, Candidate: s.candidate})
	m.setTimer(BoundReady, g.num, m.set.ReadyTimeout)
}

// spawned learns which binary runs. One that differs from what was proven last
// has to serve its probation, wherever it came from. One that was given up
// before it had a process is ended now that it has one.
func (m *Machine) spawned(g *generation, d Digest) {
	g.running, g.digest = true, d
	if m.own == "" {
		m.own = d // the first one runs what this master was started from
	}
	if g.phase == Draining {
		if m.stopping != nil && m.stopping.forced {
			m.emit(Kill{Gen: g.num})
			return
		}
		m.terminate(g)
		return
	}
	if m.proven != "" && d != m.proven {
		g.onTrial = true
	}
}

func (m *Machine) spawnFailed(g *generation, ev SpawnFailed) {
	m.remove(g)
	if m.stopping != nil || g.phase == Draining {
		return
	}
	m.lastCode = 1
	m.report(KindFailed, g, ev.Reason)
	m.reject(g, ev.Reason, !ev.Temporary)
	if g.num == 1 {
		m.end(stop{code: 1, unstarted: true, reason: ev.Reason})
		return
	}
	m.incomingFailed(g)
}

func (m *Machine) greeted(g *generation, set []int) {
	g.greeted = true
	if set != nil && g.phase == Starting {
		g.sockets = newSockets(set)
	}
	if len(g.sockets) == 0 && !m.set.Foreign && g.phase == Starting {
		m.setTimer(BoundSettle, g.num, m.set.Settle)
	}
}

// accepting notes on which sockets the program has called Accept. Before the
// generation is live this makes it ready; afterwards it frees the one before
// from these sockets.
func (m *Machine) accepting(g *generation, sockets []int) {
	first := !g.sockets.acceptsAny()
	for _, n := range sockets {
		if s := g.sockets.get(n); s != nil {
			s.accepts = true
		}
	}
	switch g.phase {
	case Starting:
		if g.sockets.acceptsAll() {
			m.ready(g)
		} else if first {
			m.setTimer(BoundSettle, g.num, m.set.Settle)
		}
	case Live:
		for _, o := range m.inPhase(Standby) {
			m.standBy(o, g)
		}
	}
}

// ready has a generation probed that there is an alternative to.
func (m *Machine) ready(g *generation) {
	if g.phase != Starting {
		return
	}
	m.stopTimer(BoundSettle, g.num)
	g.phase = Ready
	if m.set.Probe && !g.slow && (m.live() != nil || g.onTrial) {
		m.probe(g)
		return
	}
	m.open(g)
}

// open lets the generation accept. Nothing is taken from the one before until
// it has confirmed.
func (m *Machine) open(g *generation) {
	m.stopTimer(BoundReady, g.num)
	m.stopTimer(BoundProbe, g.num)
	g.phase, g.opened, g.slow = Probed, true, false
	g.sockets.resume()
	m.incoming = g.num
	m.emit(Open{Gen: g.num})
	m.setTimer(BoundOpen, g.num, m.set.OpenTimeout)
}

func (m *Machine) opened(g *generation) {
	if g.phase != Probed {
		return
	}
	m.stopTimer(BoundOpen, g.num)
	m.incoming = 0
	g.phase = Live
	m.setTimer(BoundStable, g.num, m.set.Stable)
	if g.resumed {
		g.resumed = false
		m.report(KindLive, g, "put back")
		m.drainOthers(g)
		return
	}
	if g.onTrial {
		m.report(KindTrial, g, "")
	} else {
		m.report(KindLive, g, "")
		m.prove(g)
	}
	for _, o := range m.gens {
		if o != g && (o.phase == Live || o.phase == Standby) {
			m.standBy(o, g)
		}
	}
	if g.onTrial {
		m.beginProbation(g)
	}
}

// standBy takes from o the sockets on which g accepts now. While g is on trial
// o goes on standing by; otherwise it drains as soon as nothing is left to it.
func (m *Machine) standBy(o, g *generation) {
	o.phase = Standby
	if !g.onTrial && !o.sockets.uncovered(g.sockets) {
		m.drain(o, 0, false)
		return
	}
	if sockets := o.sockets.pause(g.sockets); sockets != nil {
		m.emit(Pause{Gen: o.num, Sockets: sockets})
	}
	if !g.onTrial {
		m.setTimer(BoundCover, o.num, m.set.ReadyTimeout)
	}
}
