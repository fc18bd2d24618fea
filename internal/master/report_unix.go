//go:build unix

package master

import (
	"context"
	"log/slog"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
)

// levels says how loud each kind of report is. What a user of the older library
// would have seen as a warning is one.
var levels = map[machine.Kind]slog.Level{
	machine.KindStarting:    slog.LevelDebug,
	machine.KindLive:        slog.LevelInfo,
	machine.KindFailed:      slog.LevelWarn,
	machine.KindSlow:        slog.LevelWarn,
	machine.KindUncovered:   slog.LevelWarn,
	machine.KindExited:      slog.LevelWarn,
	machine.KindKilled:      slog.LevelWarn,
	machine.KindGone:        slog.LevelDebug,
	machine.KindTrial:       slog.LevelInfo,
	machine.KindUnhealthy:   slog.LevelWarn,
	machine.KindCommitted:   slog.LevelInfo,
	machine.KindUncommitted: slog.LevelError,
	machine.KindRolledBack:  slog.LevelError,
	machine.KindWaiting:     slog.LevelInfo,
	machine.KindDeferred:    slog.LevelInfo,
	machine.KindPostponed:   slog.LevelWarn,
	machine.KindRemembered:  slog.LevelInfo,
	machine.KindIgnored:     slog.LevelInfo,
	machine.KindRespawn:     slog.LevelWarn,
	machine.KindStopping:    slog.LevelInfo,
	machine.KindSuccession:  slog.LevelInfo,
	machine.KindStays:       slog.LevelWarn,
}

// explained are the reports that show what the process wrote last.
var explained = map[machine.Kind]bool{
	machine.KindFailed:     true,
	machine.KindExited:     true,
	machine.KindRolledBack: true,
}

func (m *Master) report(r machine.Report) {
	var attrs []slog.Attr
	if r.Gen != 0 {
		attrs = append(attrs, slog.Int("generation", int(r.Gen)))
	}
	if r.Digest != "" {
		attrs = append(attrs, slog.String("release", digest(r.Digest).Short()))
	}
	if w := m.workers[r.Gen]; w != nil && w.process != nil {
		attrs = append(attrs, slog.Int("pid", w.process.PID))
		if explained[r.Kind] {
			if output := w.process.Output(); output != "" {
				attrs = append(attrs, slog.String("output", output))
			}
		}
	}
	if r.Reason != "" {
		attrs = append(attrs, slog.String("reason", r.Reason))
	}
	m.cfg.Log.LogAttrs(context.Background(), levels[r.Kind], string(r.Kind), attrs...)
}

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
		defer m.call(func() {
			m.hooking--
			select {
			case m.hooked <- struct{}{}:
			default:
			}
		})
		err := guard(name, func() error { proc.Unblocked(f); return nil })
		if err != nil {
			m.cfg.Log.Error("hook failed", "hook", name, "error", err)
		}
	})
}
