package machine

// This file holds how the master itself is replaced: after a commit, or a
// restart that found another binary, the master runs older code than its
// program. It is replaced in place, by the binary that has proven itself.
//
//	proven, at rest                passed, at rest
//	[CheckSuccessor] ---------------> [Succeed] ---> the successor: Resume, Resumed
//	      |                              |
//	      | failed, or not at rest       | Stayed
//	      v                              v
//	   goes on, tried again at the next restart or, where the host was at
//	   fault, after a while

// succession is what the machine remembers of it.
type succession struct {
	own              Digest // what the master runs; empty: not known
	successor        Digest // what is being checked, or about to take over
	refusedSuccessor Digest // what could not take over
	successorTries   int    // tries in a row that failed by the host's fault
}

// succeed begins a succession where one is due, and reports whether one is under
// way: nothing else begins then.
func (m *Machine) succeed() (underWay bool) {
	if m.successor != "" {
		return true
	}
	if !m.succeedable(m.proven) || m.proven == m.own || m.proven == m.refusedSuccessor {
		return false
	}
	m.successor = m.proven
	m.emit(CheckSuccessor{Digest: m.proven})
	return true
}

// succeedable reports whether the master may be replaced by this binary now:
// what runs live is it, and nothing is under way that a successor would find
// half done.
func (m *Machine) succeedable(d Digest) bool {
	if !m.set.Succession || m.set.NoRestart || d == "" || m.own == "" || m.stopping != nil {
		return false
	}
	live := m.live()
	if live == nil || live.digest != d || m.incoming != 0 || m.next != nil || m.handingOver() {
		return false
	}
	for _, g := range m.gens {
		if !g.running {
			return false // given up before it had a process
		}
	}
	return true
}

// AtRest reports whether the successor that was asked about could take over as
// far as the machine knows: nothing comes up, stands by or is on trial.
func (m *Machine) AtRest(d Digest) bool { return m.succeedable(d) }

func (m *Machine) successorChecked(ev SuccessorChecked) {
	switch {
	case ev.Digest != m.successor:
	case ev.Overtaken:
		m.successor = "" // to be asked about again once it is at rest
	case ev.Err != "":
		m.stayed(ev.Digest, ev.Err, ev.Temporary)
	case !m.succeedable(ev.Digest):
		m.successor = "" // something came in between: begin anew once it is over
	default:
		m.emit(Report{Kind: KindSuccession, Digest: ev.Digest})
		m.emit(Succeed{Digest: ev.Digest})
	}
}

// stayed goes on without a successor.
func (m *Machine) stayed(d Digest, reason string, temporary bool) {
	if d != m.successor {
		return
	}
	m.successor, m.refusedSuccessor = "", d
	m.emit(Report{Kind: KindStays, Digest: d, Reason: reason})
	if temporary && m.stopping == nil {
		m.successorTries++
		m.setTimer(BoundSuccessor, 0, m.set.Retry.after(m.successorTries))
	}
}
