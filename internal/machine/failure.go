package machine

import "fmt"

// This file holds what becomes of a generation that does not take over in time.

func (m *Machine) notCoveredInTime(o *generation) {
	if o.phase == Standby && m.incoming != o.num {
		m.report(KindUncovered, o, fmt.Sprintf("after %v the new generation still does not accept on each socket of this one", m.set.ReadyTimeout))
		m.drain(o, 0, false)
	}
}

// notReadyInTime gives a generation up that has another one to fall back on.
// The very first is left alone: there is nothing better.
func (m *Machine) notReadyInTime(g *generation) {
	switch g.phase {
	case Starting:
		reason := fmt.Sprintf("not ready within %v", m.set.ReadyTimeout)
		if !m.set.Foreign {
			reason += ": it accepted on no listener and did not call State.Ready"
		}
		if m.live() == nil && !g.onTrial {
			g.slow = true
			m.report(KindSlow, g, reason)
			return
		}
		m.fail(g, reason, true)
	case Ready:
		// Its probe may fail for a reason that fails every generation's: a
		// database that is down. The live one's probe tells.
		g.judged = true
		if g.lastProbe == "" {
			g.lastProbe = fmt.Sprintf("no answer within %v of its start", m.set.ReadyTimeout)
		}
		if live := m.live(); live != nil {
			m.probe(live)
			return
		}
		m.fail(g, "probe failed: "+g.lastProbe, true)
	}
}

func (m *Machine) notOpenedInTime(g *generation) {
	if g.phase != Probed {
		return
	}
	reason := fmt.Sprintf("did not confirm within %v that it accepts", m.set.OpenTimeout)
	if g.resumed {
		// It stood by and does not answer: only its end helps, and exited
		// then looks for another way.
		m.report(KindFailed, g, reason)
		m.emit(Kill{Gen: g.num})
		return
	}
	m.fail(g, reason, true)
}

// unequipped gives up a generation for which an address could not be bound. The
// host may be at fault, so the release is tried again.
func (m *Machine) unequipped(g *generation, reason string) {
	if g.phase == Starting {
		m.fail(g, reason, false)
	}
}

// fail gives up a generation that is not live yet.
func (m *Machine) fail(g *generation, reason string, blame bool) {
	m.report(KindFailed, g, reason)
	m.reject(g, reason, blame)
	m.drain(g, 0, false)
	m.incoming = 0
	m.lastCode = 1
	m.incomingFailed(g)
}

// incomingFailed goes on after the end of a generation that was to take over.
func (m *Machine) incomingFailed(g *generation) {
	if m.live() == nil {
		m.unserved(g.candidate != "")
	}
}
