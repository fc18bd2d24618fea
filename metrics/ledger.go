package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/takeover"
)

// A ledger counts events, each once, by its ID. It is safe for concurrent use.
type ledger struct {
	kinds, missed, crashes, fetchErrors *prometheus.CounterVec
	restarts, upgrades, rollbacks       *prometheus.CounterVec
	handover, trial                     prometheus.Histogram

	mu     sync.Mutex
	open   bool // what the master had kept is counted; before that nothing is shown
	last   admin.Event
	reader takeover.Reader
	works  time.Time // when fetching worked last, as far as events say
}

func newLedger() *ledger {
	l := &ledger{
		kinds:       newCounter("overseer_events_total"),
		missed:      newCounter("overseer_events_missed_total"),
		crashes:     newCounter("overseer_crashes_total"),
		fetchErrors: newCounter("overseer_fetch_errors_total"),
		restarts:    newCounter("overseer_restarts_total"),
		upgrades:    newCounter("overseer_upgrades_total"),
		rollbacks:   newCounter("overseer_rollbacks_total"),
		handover:    newHistogram("overseer_handover_seconds", .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60),
		trial:       newHistogram("overseer_trial_seconds", 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
	}
	// A counter that appears with its first event has no increase: all are
	// there from the start.
	for _, k := range admin.Kinds() {
		l.kinds.WithLabelValues(string(k))
	}
	for _, v := range []*prometheus.CounterVec{l.missed, l.crashes, l.fetchErrors} {
		v.WithLabelValues()
	}
	for _, r := range []takeover.Result{takeover.Done, takeover.Failed, takeover.Interrupted} {
		l.restarts.WithLabelValues(string(r))
	}
	l.upgrades.WithLabelValues(string(takeover.Done), string(takeover.None))
	for _, c := range takeover.Causes() {
		l.rollbacks.WithLabelValues(string(c))
		for _, r := range []takeover.Result{takeover.Failed, takeover.RolledBack, takeover.Refused} {
			l.upgrades.WithLabelValues(string(r), string(c))
		}
	}
	for _, c := range []takeover.Cause{takeover.ByOrder, takeover.ByOther} {
		l.upgrades.WithLabelValues(string(takeover.Interrupted), string(c))
	}
	return l
}

// collect shows nothing before the events that the master had kept are counted:
// they would look like an increase otherwise.
func (l *ledger) collect(ch chan<- prometheus.Metric) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open {
		return
	}
	for _, c := range []prometheus.Collector{
		l.kinds, l.missed, l.crashes, l.fetchErrors, l.restarts, l.upgrades, l.rollbacks, l.handover, l.trial,
	} {
		c.Collect(ch)
	}
}

// position returns the last event that was counted, and whether there was a first
// look at all.
func (l *ledger) position() (last admin.Event, open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.open
}

// fetched returns when fetching worked last, as far as events say.
func (l *ledger) fetched() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.works
}

// restart has events counted that are numbered from 1 again, unless somebody else
// has seen to it since the given one was the last.
func (l *ledger) restart(since admin.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == since {
		l.last, l.reader = admin.Event{}, takeover.Reader{}
	}
}

// take counts those of the events that are new, and opens the ledger.
func (l *ledger) take(events ...admin.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		if e.ID <= l.last.ID {
			continue
		}
		if l.open && l.last.ID != 0 && e.ID > l.last.ID+1 {
			l.missed.WithLabelValues().Add(float64(e.ID - l.last.ID - 1))
		}
		l.last = e
		l.countLocked(e)
	}
	l.open = true
}
