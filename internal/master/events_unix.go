//go:build unix

package master

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
)

// This file makes events of what the machine reports and of what else happens.
// Whatever tells of a master, a log, a hook, a page, is fed by them.

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

// kindOf is the kind of event that a report is.
func kindOf(k machine.Kind) admin.Kind {
	return admin.Kind(strings.ReplaceAll(string(k), " ", "-"))
}

// report tells what the machine has decided.
func (m *Master) report(r machine.Report) {
	e := admin.Event{Kind: kindOf(r.Kind), Generation: int(r.Gen), Release: string(r.Digest), Reason: r.Reason}
	if w := m.workers[r.Gen]; w != nil && w.process != nil {
		e.PID = w.process.PID
		if explained[r.Kind] {
			e.Output = w.process.Output()
		}
	}
	if m.ordered.concerns(r.Kind) {
		e.Actor, e.Trace = m.ordered.actor, m.ordered.trace
	}
	m.lives.reported(e)
	m.tellEvent(levels[r.Kind], string(r.Kind), e)
}

// tellEvent tells an event, with a line of its members in the log.
func (m *Master) tellEvent(level slog.Level, text string, e admin.Event) {
	var attrs []slog.Attr
	if e.Generation != 0 {
		attrs = append(attrs, slog.Int("generation", e.Generation))
	}
	if e.Release != "" {
		attrs = append(attrs, slog.String("release", digest(machine.Digest(e.Release)).Short()))
	}
	for _, one := range []struct{ key, text string }{{"version", m.cfg.Journal.Version(e.Release)}, {"actor", e.Actor}} {
		if one.text != "" {
			attrs = append(attrs, slog.String(one.key, one.text))
		}
	}
	if e.PID != 0 {
		attrs = append(attrs, slog.Int("pid", e.PID))
	}
	if e.Output != "" {
		attrs = append(attrs, slog.String("output", e.Output))
	}
	if e.Reason != "" {
		attrs = append(attrs, slog.String("reason", e.Reason))
	}
	m.Note(level, text, e, attrs...)
}

// Note tells an event, with a line of the caller's own in the log. It may be
// called by any goroutine; by the owner not of a look at the source.
func (m *Master) Note(level slog.Level, text string, e admin.Event, attrs ...slog.Attr) {
	m.cfg.Log.LogAttrs(context.Background(), level, text, attrs...)
	m.cfg.Journal.Append(e)
	switch e.Kind {
	case admin.NothingNew, admin.FetchFailed, admin.Refused:
		m.call(m.looked) // if it was ordered, that has come to nothing
	}
}

// followEvents tells the user's hook each event, in order. One that the master
// before has begun to tell it is told again.
func (m *Master) followEvents(after uint64) {
	if m.cfg.OnEvent == nil {
		return
	}
	m.told.Store(after)
	m.hooks.Go(func() {
		events := m.cfg.Journal.Follow(after)
		for {
			e, err := events.Next(context.Background()) // it ends with the journal
			switch {
			case errors.Is(err, admin.ErrBehind):
				m.cfg.Log.Warn("OnEvent takes too long: it has missed events", "after", m.told.Load())
				m.told.Store(m.cfg.Journal.Last())
				events = m.cfg.Journal.Follow(m.told.Load())
				continue
			case err != nil:
				return
			}
			m.call(func() { m.hooking++ })
			err = guard("OnEvent", func() error { proc.Unblocked(func() { m.cfg.OnEvent(e) }); return nil })
			m.told.Store(e.ID)
			m.call(m.unhook)
			if err != nil {
				m.cfg.Log.Error("hook failed", "hook", "OnEvent", "error", err)
			}
		}
	})
}
