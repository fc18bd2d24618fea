package machine

// This file holds what begins by itself.

// proceed begins what can begin now that the event is dealt with: it is the
// only place where a restart, a trial or an untried installation starts by
// itself, and where a generation is spawned.
func (m *Machine) proceed() {
	if m.stopping != nil {
		return
	}
	if m.set.NoRestart && m.waiting != "" && (m.hold == free || m.hold == allowed) && !m.held && m.installing == "" {
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
	if m.next == nil && !m.succeed() {
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
	case m.waiting == "" || m.set.NoRestart || m.held:
	case m.hold == free && m.set.AskFirst:
		m.hold = asked
		m.emit(Ask{Digest: m.waiting})
	case m.hold == free || m.hold == allowed:
		m.begin(start{candidate: m.takeWaiting()})
	}
}

// restart begins the restart that was asked for by hand, with the candidate that
// waits, whatever it waits for, unless upgrades are held.
func (m *Machine) restart() {
	m.pending = false
	if m.set.NoRestart || m.held {
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
