package metrics

import (
	"slices"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/takeover"
)

// countLocked counts an event, and what it means.
func (l *ledger) countLocked(e admin.Event) {
	kind := string(e.Kind)
	if !slices.Contains(admin.Kinds(), e.Kind) {
		kind = "other" // of a newer master
	}
	l.kinds.WithLabelValues(kind).Inc()
	switch e.Kind {
	case admin.Exited:
		l.crashes.WithLabelValues().Inc()
	case admin.FetchFailed:
		l.fetchErrors.WithLabelValues().Inc()
	case admin.Fetched, admin.FetchWorks, admin.NothingNew:
		if e.Time.After(l.works) {
			l.works = e.Time
		}
	}
	for _, s := range l.reader.Read(e) {
		l.stepLocked(s)
	}
}

func (l *ledger) stepLocked(s takeover.Step) {
	t := s.Takeover
	changes := t.Kind == takeover.Upgrade || t.Kind == takeover.Rollback
	hasTraffic := s.Did == takeover.Staged && t.Stage == takeover.Trial || s.Did == takeover.Ended && t.Result == takeover.Done
	if s.Before == takeover.Handover && hasTraffic && (changes || t.Kind == takeover.Restart) {
		l.handover.Observe(s.Lasted.Seconds())
	}
	if s.Before == takeover.Trial {
		l.trial.Observe(s.Lasted.Seconds())
	}
	switch {
	case s.Did == takeover.Staged && t.Stage == takeover.Back:
		// It is counted before the one before is put back: that may be never.
		l.upgrades.WithLabelValues(string(takeover.RolledBack), string(t.Cause)).Inc()
		l.rollbacks.WithLabelValues(string(t.Cause)).Inc()
	case s.Did != takeover.Ended || t.Result == takeover.RolledBack:
	case t.Kind == takeover.Restart:
		l.restarts.WithLabelValues(string(t.Result)).Inc()
	case t.Kind == takeover.Rollback && t.Result == takeover.Done:
		l.rollbacks.WithLabelValues(string(takeover.ByOrder)).Inc()
	case changes:
		l.upgrades.WithLabelValues(string(t.Result), string(t.Cause)).Inc()
	}
}
