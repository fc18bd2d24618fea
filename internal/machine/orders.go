package machine

import "fmt"

// This file holds what an operator may order beside a restart and a stop, and
// what an order is refused for. An order is carried out now or not at all: the
// owner asks [Machine.Refuses] and steps in the same moment.

// Replacing is what an order is refused for while the master is being replaced. It
// passes by itself.
const Replacing = "the master is being replaced"

const heldReason = "upgrades are held"

// Refuses says why an order cannot be carried out now; it is empty where it can.
// Events that are no orders are never refused.
func (m *Machine) Refuses(order Event) string {
	if m.stopping != nil {
		switch order.(type) {
		case RestartAsked, TryAsked, LookAsked, RollBackAsked, Reverted:
			return "the service is stopping"
		}
		return ""
	}
	switch order := order.(type) {
	case RestartAsked:
		if m.set.NoRestart && !order.Force {
			return "restarts are turned off (NoRestart): it would be a stop"
		}
		return m.underWay()
	case TryAsked:
		return m.refusesTry()
	case LookAsked:
		if m.held {
			return heldReason
		}
		return m.underWay()
	case RollBackAsked:
		return m.refusesRollBack()
	case Forgotten:
		if order.Digest == m.installing {
			return "it failed while it was being installed, and is being taken out"
		}
	case Reverted:
		if m.set.NoRestart {
			return "restarts are turned off (NoRestart)"
		}
		if order.Digest == m.proven {
			return "it is what runs"
		}
		if m.refused[order.Digest] {
			return "it is quarantined: forget it first"
		}
		return m.underWay()
	}
	return ""
}

// underWay says what keeps a restart from beginning at once.
func (m *Machine) underWay() string {
	live := m.live()
	switch in := m.gen(m.incoming); {
	case in != nil && in.resumed:
		return fmt.Sprintf("generation %d is being put back", in.num)
	case in != nil:
		return fmt.Sprintf("generation %d is coming up", in.num)
	case m.next != nil || m.pending:
		return "a restart is about to begin"
	case m.installing != "":
		return "a release is being installed"
	case live != nil && live.onTrial:
		return fmt.Sprintf("generation %d is on trial: wait for its end, or roll it back", live.num)
	case m.newest(Standby) != nil:
		return fmt.Sprintf("generation %d still has to be relieved", m.newest(Standby).num)
	case m.successor != "":
		return Replacing
	case live == nil && !m.respawning:
		return "no generation is live"
	}
	return ""
}

func (m *Machine) refusesTry() string {
	switch {
	case m.waiting == "":
		return "no release waits"
	case m.held:
		return heldReason
	}
	return m.underWay()
}

func (m *Machine) refusesRollBack() string {
	if m.installing != "" {
		return "the release has passed its trial and is being installed: roll back to the previous one when it is done"
	}
	if m.triedNow() == nil {
		return "no release is on trial"
	}
	return ""
}

// triedNow returns the generation of another release that is coming up or on
// trial and has something to go back to: one that serves or stands by, else the
// installed binary, which is the one before as long as a candidate is tried; or
// nil.
func (m *Machine) triedNow() *generation {
	if in := m.gen(m.incoming); in != nil && in.onTrial && !in.resumed && (m.live() != nil || in.candidate != "") {
		return in
	}
	if g := m.live(); g != nil && g.onTrial && (m.newest(Standby) != nil || g.candidate != "") {
		return g
	}
	return nil
}

// CanRollBack reports whether a rollback to the generation that stands by, or
// still serves, could be ordered.
func (m *Machine) CanRollBack() bool { return m.Refuses(RollBackAsked{}) == "" }

// tryAsked begins the trial of the release that waits, whatever it waits for.
func (m *Machine) tryAsked() {
	if m.refusesTry() == "" {
		m.setWaiting(m.waiting, allowed)
	}
}

// rollBackAsked puts the old generation back at once. The release is to blame:
// it must not come back by itself.
func (m *Machine) rollBackAsked(ev RollBackAsked) {
	g := m.triedNow()
	switch {
	case m.stopping != nil || m.refusesRollBack() != "":
		m.emit(Report{Kind: KindIgnored, Reason: "rollback " + ev.Why})
	case g.phase == Live:
		m.rollBack(g, ev.Why, true)
	default:
		m.fail(g, ev.Why, true)
	}
}

// reverted begins the trial of the binary that was installed before. What ran
// until now stands by, and is refused once the trial is passed.
func (m *Machine) reverted(ev Reverted) {
	if reason := m.Refuses(ev); reason != "" {
		m.emit(Report{Kind: KindIgnored, Digest: ev.Digest, Reason: "rollback " + ev.Why + ": " + reason})
		if !m.planned(ev.Digest) {
			m.emit(Discard{Digest: ev.Digest})
		}
		return
	}
	if m.waiting == ev.Digest {
		m.setWaiting("", free)
	}
	if m.respawning {
		m.stopTimer(BoundRespawn, 0)
		m.respawning = false
	}
	m.begin(start{candidate: ev.Digest, reverts: m.proven, why: ev.Why})
}

// planned reports whether there are plans with a staged candidate.
func (m *Machine) planned(d Digest) bool {
	if d == m.waiting || d == m.installing || m.next != nil && m.next.candidate == d {
		return true
	}
	for _, g := range m.gens {
		if g.onTrial && g.candidate == d && g.phase != Draining {
			return true
		}
	}
	return false
}

// revertPassed refuses the release that was left.
func (m *Machine) revertPassed(g *generation) {
	d := g.reverts
	g.reverts = ""
	if d == "" || d == g.digest {
		return
	}
	m.refused[d] = true
	m.emit(Quarantine{Digest: d, Reason: "rolled back " + g.why})
	if m.waiting == d {
		m.emit(Discard{Digest: m.takeWaiting()})
	}
}
