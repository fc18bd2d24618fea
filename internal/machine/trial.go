package machine

// This file holds what becomes of a candidate: its waiting, its probation, and
// its commit or rollback.

// failuresToRollBack is how many probes in a row must fail before a generation
// on trial counts as unhealthy; the second follows the first at once, so one
// lost probe decides nothing.
const failuresToRollBack = 2

func (m *Machine) staged(d Digest) {
	live := m.live()
	switch {
	case d == m.waiting || d == m.installing && !m.refused[d]:
		return
	case m.stopping != nil || m.refused[d] || d == m.proven:
		m.emit(Discard{Digest: d})
		return
	case live != nil && live.onTrial && live.candidate == d:
		return
	}
	if g := m.gen(m.incoming); g != nil && g.onTrial && g.candidate == d {
		return
	}
	if m.next != nil && m.next.candidate == d {
		return
	}
	if m.waiting != "" {
		m.emit(Discard{Digest: m.waiting})
	}
	m.retries = 0
	m.setWaiting(d, free)
	if m.set.NoRestartAfterFetch && !m.set.NoRestart {
		m.hold = manual
		m.emit(Report{Kind: KindWaiting, Digest: d, Reason: "it gets its trial at the next restart"})
	}
}

// answered takes the answer of the user's hook. The host may have changed since
// the question was put: proceed begins the trial once it can.
func (m *Machine) answered(ev Allowed) {
	if m.hold != asked || m.waiting != ev.Digest {
		return
	}
	if ev.OK {
		m.hold = allowed
		return
	}
	m.hold = deferred
	m.emit(Report{Kind: KindDeferred, Digest: ev.Digest, Reason: "the hook said no"})
	m.setTimer(BoundDefer, 0, m.set.DeferInterval)
}

func (m *Machine) beginProbation(g *generation) {
	if m.set.Probation <= 0 {
		m.commit(g)
		return
	}
	m.setTimer(BoundProbation, g.num, m.set.Probation)
	if m.set.Probe {
		m.setTimer(BoundProbe, g.num, m.set.ProbeInterval)
	}
}

func (m *Machine) probe(g *generation) {
	g.probing = true
	m.emit(Probe{Gen: g.num})
}

// probeDone goes to whoever waits for this generation's health: the generation
// itself, on its way up or on trial, or the judgement of another one.
func (m *Machine) probeDone(g *generation, failure string) {
	g.probing = false
	switch {
	case g.phase == Ready && failure == "":
		m.open(g)
	case g.phase == Ready && !g.judged:
		g.lastProbe = failure
		m.setTimer(BoundProbe, g.num, m.set.ProbeInterval)
	case g.phase == Live && g.onTrial && m.installing == "":
		m.trialProbed(g, failure)
	case g.phase == Live:
		if in := m.gen(m.incoming); in != nil && in.phase == Ready && in.judged {
			m.fail(in, "probe failed: "+in.lastProbe, failure == "")
		}
	case g.phase == Standby:
		m.judgeTrial(failure)
	}
}

func (m *Machine) trialProbed(g *generation, failure string) {
	if failure == "" {
		g.failures, g.passed = 0, true
		if g.served {
			m.commit(g)
			return
		}
		m.setTimer(BoundProbe, g.num, m.set.ProbeInterval)
		return
	}
	g.failures++
	g.lastProbe = failure
	if g.failures < failuresToRollBack {
		m.probe(g)
		return
	}
	m.report(KindUnhealthy, g, failure)
	if o := m.newest(Standby); o != nil {
		m.probe(o)
		return
	}
	m.rollBack(g, "probe failed: "+failure, true)
}

// judgeTrial decides an unhealthy trial by the health of the one that stands
// by: where that fails too, the cause lies elsewhere and a rollback would only
// hide it. But the trial has an end: what is undecided when the probation is
// over is put off, which also gives a fresh start to a host where both hang.
func (m *Machine) judgeTrial(failure string) {
	g := m.live()
	if g == nil || !g.onTrial || g.failures < failuresToRollBack {
		return
	}
	if failure == "" {
		m.rollBack(g, "probe failed: "+g.lastProbe, true)
		return
	}
	if g.served {
		m.rollBack(g, "unhealthy at the end of its probation, as is the generation that stands by: "+g.lastProbe, false)
		return
	}
	m.report(KindUnhealthy, g, "the generation that stands by fails too: not this release's fault")
	m.setTimer(BoundProbe, g.num, m.set.ProbeInterval)
}

func (m *Machine) probationOver(g *generation) {
	if g.phase != Live || !g.onTrial {
		return
	}
	switch {
	case g.failures > 0 || g.probing: // its answer decides
		g.served = true
	case m.set.Probe && !g.passed:
		// No probe was made yet: the interval is longer, or the owner was held
		// up, and found both timers over.
		g.served = true
		m.stopTimer(BoundProbe, g.num)
		m.probe(g)
	default:
		m.commit(g)
	}
}

func (m *Machine) commit(g *generation) {
	m.stopTimer(BoundProbation, g.num)
	m.stopTimer(BoundProbe, g.num)
	if g.candidate == "" {
		m.trialPassed(g)
		return
	}
	m.install(g.candidate)
}

func (m *Machine) install(d Digest) {
	m.installing = d
	m.emit(Install{Digest: d})
}

func (m *Machine) installed(ev Installed) {
	if ev.Digest != m.installing {
		return
	}
	m.installing = ""
	g := m.live()
	onTrial := g != nil && g.onTrial && g.candidate == ev.Digest
	switch {
	case ev.Err != "" && onTrial:
		m.report(KindUncommitted, g, ev.Err)
		m.rollBack(g, "could not be installed: "+ev.Err, false)
	case ev.Err != "":
		m.emit(Report{Kind: KindUncommitted, Digest: ev.Digest, Reason: ev.Err})
		if m.refused[ev.Digest] {
			return
		}
		if !m.set.NoRestart {
			m.emit(EndTrial{Digest: ev.Digest}) // a stop ended it without a verdict
		}
		m.postpone(ev.Digest)
	case m.refused[ev.Digest]:
		// It crashed while it was being installed.
		m.emit(Restore{Digest: ev.Digest})
	default:
		m.emit(Report{Kind: KindCommitted, Digest: ev.Digest})
		if onTrial {
			m.trialPassed(g)
		}
	}
}

// trialPassed makes the generation the proven one; the one before may end.
func (m *Machine) trialPassed(g *generation) {
	g.onTrial = false
	m.prove(g)
	m.revertPassed(g)
	m.retries = 0
	m.report(KindLive, g, "probation passed")
	for _, o := range m.inPhase(Standby) {
		m.standBy(o, g)
	}
}

// rollBack ends a trial against the candidate, which may have exited already.
func (m *Machine) rollBack(g *generation, reason string, blame bool) {
	m.stopTimer(BoundProbation, g.num)
	m.stopTimer(BoundProbe, g.num)
	m.report(KindRolledBack, g, reason)
	m.reject(g, reason, blame)
	switch o := m.newest(Standby); {
	case o != nil:
		m.resume(o)
	case g.candidate != "":
		m.begin(start{})
	case m.gen(g.num) == nil:
		m.unserved(false)
	}
}

// resume puts a generation that stands by back.
func (m *Machine) resume(o *generation) {
	m.stopTimer(BoundCover, o.num)
	o.resumed = true
	m.open(o)
}

// reject takes a candidate out: for good where it is to blame, for a while
// where the host was. A generation of the installed binary has nothing to take
// out.
func (m *Machine) reject(g *generation, reason string, blame bool) {
	d := g.candidate
	g.onTrial = false
	switch {
	case d == "":
	case blame:
		m.refused[d] = true
		m.emit(Quarantine{Digest: d, Reason: reason})
		m.emit(Discard{Digest: d})
	case m.waiting != "" || g.reverts != "": // an order is not carried out later
		m.emit(EndTrial{Digest: d})
		m.emit(Discard{Digest: d})
	default:
		m.emit(EndTrial{Digest: d})
		m.postpone(d)
	}
}

// postpone has a candidate tried again later.
func (m *Machine) postpone(d Digest) {
	if m.stopping != nil || m.waiting != "" {
		m.emit(Discard{Digest: d})
		return
	}
	if m.set.NoRestartAfterFetch && !m.set.NoRestart {
		m.setWaiting(d, manual)
		m.emit(Report{Kind: KindPostponed, Digest: d, Reason: "it is tried again at the next restart"})
		return
	}
	m.retries++
	after := m.set.Retry.after(m.retries)
	m.setWaiting(d, retrying)
	m.emit(Report{Kind: KindPostponed, Digest: d, Reason: "it is tried again in " + after.String()})
	m.setTimer(BoundRetry, 0, after)
}
