package machine

// This file holds how a generation is told to end.

// sigterm is what a program that is given up gets to see.
const sigterm = 15

// terminate ends a generation that never had traffic: there is nothing to
// drain, and a program that has not reached Run knows no other word than a
// signal.
func (m *Machine) terminate(g *generation) {
	m.stopTimers(g)
	g.phase = Draining
	switch {
	case g.greeted:
		m.emit(Drain{Gen: g.num, Timeout: m.set.FailTimeout, Signal: sigterm})
	case g.running:
		m.emit(Signal{Gen: g.num, Signal: sigterm})
	}
	m.setTimer(BoundEnd, g.num, m.set.FailTimeout)
}

// drain ends a generation that has, or may have, connections.
func (m *Machine) drain(g *generation, signal int, last bool) {
	if !g.opened {
		m.terminate(g)
		return
	}
	m.stopTimers(g)
	g.phase = Draining
	m.emit(Drain{Gen: g.num, Timeout: m.set.TerminateTimeout, Signal: signal, Last: last, Ending: m.ending(g)})
	m.setTimer(BoundEnd, g.num, m.set.TerminateTimeout)
}

func (m *Machine) drainOthers(g *generation) {
	for _, o := range m.gens {
		if o != g && (o.phase == Live || o.phase == Standby) {
			m.drain(o, 0, false)
		}
	}
}

// notEndedInTime kills a generation. One that outlives that hangs in the kernel:
// it holds up its own end only, and no stop.
func (m *Machine) notEndedInTime(g *generation) {
	switch {
	case !g.killed:
		m.report(KindKilled, g, "did not end in time")
	case m.stopping != nil:
		m.report(KindKilled, g, "did not end although it was killed: no longer waited for")
		m.remove(g)
		return
	}
	g.killed = true
	if g.running {
		m.emit(Kill{Gen: g.num})
	}
	m.setTimer(BoundEnd, g.num, m.set.FinalTimeout)
}
