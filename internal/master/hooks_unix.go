//go:build unix

package master

import (
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
)

// crashed tells the user's hook of an end that nobody asked for.
func (m *Master) crashed(w *worker, exit proc.Exit) {
	s := m.machine.Snapshot()
	if m.cfg.OnCrash == nil || s.Stopping {
		return
	}
	for _, g := range s.Generations {
		if g.Num == w.gen && g.Phase == machine.Draining {
			return
		}
	}
	crash := Crash{Generation: int(w.gen), Digest: w.bin.digest, Code: exit.Code, Signal: exit.Signal, Output: exit.Output}
	m.hook("OnCrash", func() { m.cfg.OnCrash(crash) })
}

// mayRestart puts the question before an automatic restart to the user's hook. One
// that panics or never answers has not said yes; the service goes on.
func (m *Master) mayRestart(d machine.Digest) {
	m.hook("MayRestart", func() {
		ok := m.cfg.MayRestart(digest(d))
		m.post(machine.Allowed{Digest: d, OK: ok})
	})
}

// hook runs the user's code beside the owner, who calls it.
func (m *Master) hook(name string, f func()) {
	m.hooking++
	m.hooks.Go(func() {
		defer m.call(m.unhook)
		err := guard(name, func() error { proc.Unblocked(f); return nil })
		if err != nil {
			m.cfg.Log.Error("hook failed", "hook", name, "error", err)
		}
	})
}

// unhook says that a hook has returned.
func (m *Master) unhook() {
	m.hooking--
	select {
	case m.hooked <- struct{}{}:
	default:
	}
}
