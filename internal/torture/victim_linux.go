package main

import (
	"fmt"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"golang.org/x/sys/unix"
)

// victim finds who a step is done to, and holds it.
func (h *host) victim(s step) (v victim, err error) {
	l, err := h.now()
	if err != nil {
		return v, skipped(err)
	}
	pid := l.pid
	if s.Victim != master {
		st, err := h.status()
		if err != nil {
			return v, skipped(err)
		}
		if pid = pidOf(st, s.Victim); pid == 0 {
			return v, skipped("there is no " + string(s.Victim))
		}
	}
	if v, err = take(pid, l.pid); err != nil {
		return v, skipped(err)
	}
	h.touch(pid)
	return v, nil
}

// pidOf returns the process that has a role, 0 where none has.
func pidOf(st admin.Status, r role) int {
	for _, g := range st.Generations {
		var is bool
		switch r {
		case live:
			is = g.Number == st.Live
		case standby:
			is = g.Phase == admin.PhaseStandby
		case candidate:
			is = g.OnTrial || g.Phase == admin.PhaseStarting || g.Phase == admin.PhaseReady || g.Phase == admin.PhaseProbed
		case draining:
			is = g.Phase == admin.PhaseDraining
		}
		if is && g.PID != 0 {
			return g.PID
		}
	}
	return 0
}

// kill kills a process by SIGKILL.
func (h *host) kill(s step) error {
	if s.Victim == master {
		l, err := h.now()
		if err != nil {
			return skipped(err)
		}
		return h.endMaster(l, syscall.SIGKILL, false)
	}
	v, err := h.victim(s)
	if err != nil {
		return err
	}
	defer v.close()
	harm := h.harmBegins(harm{What: "kill -9 of the " + string(s.Victim), Cuts: true})
	defer h.harmEnds(harm)
	if err := v.signal(syscall.SIGKILL); err != nil {
		return skipped(err)
	}
	if !v.gone() {
		return fmt.Errorf("process %d has not ended within %v of SIGKILL", v.pid, patience)
	}
	return nil
}

// freeze stops a process for a while.
func (h *host) freeze(s step) error {
	v, err := h.victim(s)
	if err != nil {
		return err
	}
	defer v.close()
	harm := h.harmBegins(harm{What: "SIGSTOP of the " + string(s.Victim), Waits: true})
	defer h.harmEnds(harm)
	if err := v.signal(syscall.SIGSTOP); err != nil {
		return skipped(err)
	}
	time.Sleep(s.For)
	return asSkipped(v.signal(syscall.SIGCONT))
}

// limit lowers what a process may have, for a while: one process at a time, or a
// lowered limit would be taken for what it was before.
func (h *host) limit(s step) error {
	if !h.limiting.TryLock() {
		return skipped("a process has a limit already")
	}
	defer h.limiting.Unlock()
	v, err := h.victim(s)
	if err != nil {
		return err
	}
	defer v.close()
	what, to := unix.RLIMIT_AS, uint64(1<<20)
	if s.Kind == fewFiles {
		what, to = unix.RLIMIT_NOFILE, 0
		for _, n := range descriptors(v.pid) {
			to += uint64(n)
		}
		to += uint64(s.Number % 4)
	} else { // it may die of that
		defer h.harmEnds(h.harmBegins(harm{What: "no memory for the " + string(s.Victim), Cuts: true}))
	}
	var old unix.Rlimit
	if err := unix.Prlimit(v.pid, what, nil, &old); err != nil {
		return skipped(err)
	}
	if err := unix.Prlimit(v.pid, what, &unix.Rlimit{Cur: min(to, old.Cur), Max: old.Max}, nil); err != nil {
		return skipped(err)
	}
	time.Sleep(s.For)
	return asSkipped(unix.Prlimit(v.pid, what, &old, nil))
}
