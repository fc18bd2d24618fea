package machine

import "fmt"

// This file holds all ends: of a generation's process, of the program, and of
// the master.

// stop is the end of everything, asked for or come about.
type stop struct {
	main      Gen // whose exit code becomes the master's; 0: code stands
	code      int
	unstarted bool
	reason    string
	asked     bool // a signal asked for it
	forced    bool // a second one did
	final     bool // the last wait is bounded
}

// killSignal is the code added to a signal's number in an exit code, as shells
// do.
const killSignal = 128

func (m *Machine) stopAsked(ev StopAsked) {
	if m.stopping != nil {
		m.stopAgain(ev)
		return
	}
	m.emit(Report{Kind: KindStopping, Reason: stopReason(ev.Signal)})
	main := m.live()
	if main == nil {
		main = m.gen(m.incoming)
	}
	s := stop{code: m.lastCode, asked: ev.Signal != 0}
	if main != nil {
		s.main, s.code = main.num, 0
	}
	for _, g := range m.gens {
		if g.onTrial && g.candidate != "" && g.candidate != m.installing {
			m.emit(EndTrial{Digest: g.candidate})
			m.emit(Discard{Digest: g.candidate})
		}
	}
	m.end(s)
	for _, g := range m.gens {
		if g.phase != Draining {
			m.drain(g, ev.Signal, true)
		}
	}
}

func stopReason(signal int) string {
	if signal == 0 {
		return "asked for"
	}
	return fmt.Sprintf("signal %d", signal)
}

// stopAgain ends at once what the first signal has not ended yet. A signal that
// meets an end nobody asked for by signal is the first.
func (m *Machine) stopAgain(ev StopAsked) {
	if ev.Signal == 0 || m.stopping.forced {
		return
	}
	if !m.stopping.asked {
		m.stopping.asked = true
		return
	}
	m.stopping.forced = true
	m.stopping.main, m.stopping.code = 0, killSignal+ev.Signal
	m.emit(Report{Kind: KindStopping, Reason: "asked for again: " + stopReason(ev.Signal)})
	for _, g := range m.gens {
		if g.running {
			m.emit(Kill{Gen: g.num})
		}
	}
	m.stopping.final = true
	m.setTimer(BoundFinal, 0, m.set.FinalTimeout)
}

// end begins the end of the master: from here on nothing is started.
func (m *Machine) end(s stop) {
	m.stopping = &s
	if m.next != nil && m.next.candidate != "" {
		m.emit(Discard{Digest: m.next.candidate})
	}
	m.incoming, m.next, m.pending = 0, nil, false
	if m.respawning {
		m.respawning = false
		m.stopTimer(BoundRespawn, 0)
	}
	if d := m.takeWaiting(); d != "" {
		m.emit(Discard{Digest: d})
	}
	m.emit(CloseSockets{})
}

// finish ends the master once there is no process left, and no installation
// whose end could still need a Restore.
func (m *Machine) finish() {
	if m.stopping == nil || len(m.gens) > 0 || m.done {
		return
	}
	switch {
	case m.installing == "":
		m.done = true
		m.emit(Exit{Code: m.stopping.code, Unstarted: m.stopping.unstarted, Reason: m.stopping.reason})
	case !m.stopping.final:
		m.stopping.final = true
		m.setTimer(BoundFinal, 0, m.set.FinalTimeout)
	}
}

// exited is the end of a process. What follows depends on what it was.
func (m *Machine) exited(g *generation, ev Exited) {
	code, reason := ev.Code, fmt.Sprintf("exited with code %d", ev.Code)
	if ev.Signal != 0 {
		code, reason = killSignal+ev.Signal, fmt.Sprintf("ended by signal %d", ev.Signal)
	}
	m.remove(g)
	if m.stopping != nil {
		m.report(KindGone, g, reason)
		if g.num == m.stopping.main {
			m.stopping.main, m.stopping.code = 0, code
		}
		return
	}
	switch g.phase {
	case Starting, Ready, Probed:
		m.lastCode = code
		m.exitedComingUp(g, reason)
	case Live:
		m.lastCode = code
		m.exitedLive(g, reason)
	case Standby:
		m.report(KindExited, g, reason+" while it stood by")
		if t := m.live(); t != nil && t.onTrial && t.failures >= failuresToRollBack {
			m.rollBack(t, "probe failed: "+t.lastProbe, true)
		}
	case Draining:
		m.report(KindGone, g, reason)
	}
}

func (m *Machine) exitedComingUp(g *generation, reason string) {
	if g.resumed {
		// It was to take over from a release that failed. That one may still
		// serve, but nothing is left to put back: start what is installed.
		m.report(KindExited, g, reason+" while it was put back")
		m.begin(start{})
		return
	}
	m.report(KindFailed, g, reason+" before it was live")
	m.reject(g, reason+" before it was live", true)
	m.incomingFailed(g)
}

func (m *Machine) exitedLive(g *generation, reason string) {
	m.report(KindExited, g, reason)
	if g.onTrial {
		m.rollBack(g, reason+" during its trial", true)
		return
	}
	if in := m.gen(m.incoming); in != nil {
		if in.judged {
			m.fail(in, "probe failed: "+in.lastProbe, true)
		}
		return // it takes over as soon as it is ready
	}
	if m.next != nil {
		return // what takes over is about to start
	}
	m.unserved(m.refused[g.candidate])
}

// unserved is called when nobody serves and nobody is about to: after a failed
// release, what is installed is started; otherwise the program has ended.
func (m *Machine) unserved(rollBack bool) {
	if rollBack {
		m.begin(start{})
		return
	}
	if o := m.newest(Standby); o != nil {
		m.resume(o)
		return
	}
	if m.set.KeepAlive == Always || m.set.KeepAlive == OnFailure && m.lastCode != 0 {
		m.crashes++
		m.respawning = true
		after := m.set.Respawn.after(m.crashes)
		m.emit(Report{Kind: KindRespawn, Reason: "the program is started again in " + after.String()})
		m.setTimer(BoundRespawn, 0, after)
		return
	}
	m.end(stop{code: m.lastCode})
}
