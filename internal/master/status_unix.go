//go:build unix

package master

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
)

// statusNow is all that is shown of a master.
func (m *Master) statusNow(ctx context.Context) (s admin.Status, err error) {
	if err := m.countConnections(ctx); err != nil {
		return s, err
	}
	if err := m.inOwner(ctx, func() { s = m.shown() }); err != nil {
		return s, err
	}
	for i := range s.Generations {
		s.Generations[i].Usage = usageOf(s.Generations[i].PID)
	}
	s.Usage = usageOf(os.Getpid())
	for _, all := range [][]admin.Generation{s.Generations, s.Gone} {
		for i := range all {
			all[i].Release.Version = m.cfg.Journal.Version(all[i].Release.Digest)
		}
	}
	if s.Source != nil {
		s.Source = m.source()
		if s.Operation == nil {
			s.Operation = m.cfg.Looker.Progress()
		}
	}
	if m.cfg.Store != nil && !m.cfg.Settings.NoRestart && m.cfg.Store.HasPrevious() {
		s.Rollback = append(s.Rollback, admin.ToPrevious)
	}
	s.Refused = m.refusedLast()
	s.Event = m.cfg.Journal.Last()
	s.Time = time.Now().UTC()
	return s, nil
}

// shown is what the owner holds of it.
func (m *Master) shown() admin.Status {
	snapshot := m.machine.Snapshot()
	s := admin.Status{
		Name:        m.cfg.Name,
		Binary:      m.cfg.Binary,
		PID:         os.Getpid(),
		Started:     m.started,
		Socket:      m.console.path(),
		Addresses:   []string{},
		Condition:   condition(snapshot),
		Live:        int(snapshot.Live),
		Generations: []admin.Generation{},
		Gone:        slices.Clone(m.lives.gone),
		Starts:      snapshot.Starts,
		Crashes:     snapshot.Crashes,
		Operation:   m.operation(snapshot),
		Hold:        m.hold.shown(),
		Rollback:    []admin.Target{},
		LogLevel:    m.cfg.Level.Name(),
	}
	if s.Gone == nil {
		s.Gone = []admin.Generation{}
	}
	for _, one := range m.sockets.list(snapshot.Sockets) {
		s.Addresses = append(s.Addresses, one.Address())
	}
	for _, one := range m.lives.now {
		g := *one
		g.Phases = slices.Clone(one.Phases)
		g.Connections = m.connectionsOf(g.Number)
		s.Generations = append(s.Generations, g)
	}
	if snapshot.Waiting != "" {
		s.Waiting = &admin.Candidate{Release: m.named(snapshot.Waiting), Why: snapshot.Why}
	}
	if m.cfg.Looker != nil {
		s.Source = &admin.Source{}
	}
	if m.machine.CanRollBack() {
		s.Rollback = append(s.Rollback, admin.ToStandby)
	}
	return s
}

func (m *Master) named(d machine.Digest) admin.Release {
	return admin.Release{Digest: string(d), Version: m.cfg.Journal.Version(string(d))}
}

func condition(s machine.Snapshot) admin.Condition {
	live := s.Generation(s.Live)
	switch {
	case s.Stopping:
		return admin.Ending
	case live != nil && live.OnTrial:
		return admin.OnTrial
	case live != nil && (s.Incoming != 0 || s.Pending):
		return admin.Restarting
	case live != nil:
		return admin.Serving
	case s.Incoming != 0 && s.Proven == "":
		return admin.Coming
	}
	return admin.Down
}

// operation is what is under way: what comes up, else what is on trial.
func (m *Master) operation(s machine.Snapshot) *admin.Operation {
	g := s.Generation(s.Incoming)
	if g == nil {
		if g = s.Generation(s.Live); g == nil || !g.OnTrial {
			return nil
		}
	}
	op := &admin.Operation{Kind: operationKind(*g), Generation: int(g.Num), Release: m.named(g.Digest), Actor: m.ordered.actor}
	if one := m.lives.of(int(g.Num)); one != nil {
		op.Since = one.Since
	}
	var bound machine.Bound
	op.Stage, bound = stage(*g, s.Installing != "", m.workers[g.Num])
	if r, ok := m.timers.running[machine.Timer{Bound: bound, Gen: g.Num}]; ok {
		end := r.end.UTC()
		op.Until = &end
	}
	return op
}

func operationKind(g machine.Generation) string {
	switch {
	case g.Resumed, g.Reverts:
		return "rollback"
	case g.OnTrial:
		return "upgrade"
	}
	return "restart"
}

// stage returns how far a generation has come, and which clock bounds that.
func stage(g machine.Generation, installing bool, w *worker) (string, machine.Bound) {
	switch g.Phase {
	case machine.Starting:
		if w == nil || w.process == nil {
			return "start", machine.BoundReady
		}
		return "ready", machine.BoundReady
	case machine.Ready:
		return "probe", machine.BoundReady
	case machine.Probed:
		return "open", machine.BoundOpen
	}
	if installing {
		return "commit", ""
	}
	return "trial", machine.BoundProbation
}

func (m *Master) source() *admin.Source {
	s := &admin.Source{Name: m.cfg.SourceName}
	looked, next, err := m.cfg.Looker.Looked()
	if !looked.IsZero() {
		looked, next = looked.UTC(), next.UTC()
		s.Looked, s.Next = &looked, &next
	}
	if err != nil {
		s.Error = err.Error()
	}
	return s
}

// refusedLast is the last change of release that came to nothing, unless a later
// one did better.
func (m *Master) refusedLast() *admin.Attempt {
	for _, a := range m.cfg.Journal.History(historyShown) {
		switch a.Result {
		case admin.UnderWay:
			continue
		case admin.ResultDone:
			return nil
		}
		return &a
	}
	return nil
}

// historyShown is how far back it is looked for.
const historyShown = 5
