package main

import (
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// TestJudge: what a harm explains, and what it does not.
func TestJudge(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(1000+int64(s), 0) }
	cut := func(client, from, to int) failed {
		return failed{spender: spender{0, client}, start: at(from), end: at(to), kind: loadtest.CutUnderRequest}
	}
	of := func(f failed, k loadtest.Kind) failed { f.kind = k; return f }
	killed := harm{What: "kill", From: at(10), To: at(11), Cuts: true}
	dead := harm{What: "dead", From: at(20), Refuses: true, Resets: true}
	stopped := harm{What: "stopped", From: at(30), To: at(31), Waits: true}
	for _, row := range []struct {
		name     string
		failures []failed
		inherent int
	}{
		{"inside a process that is killed", []failed{cut(1, 9, 10)}, 1},
		{"two clients", []failed{cut(1, 9, 10), cut(2, 9, 10)}, 2},
		{"one client twice", []failed{cut(1, 9, 10), cut(1, 10, 11)}, 1},
		{"before it", []failed{cut(1, 8, 9)}, 0},
		{"long after it", []failed{cut(1, 16, 17)}, 0},
		{"refused by a kill of a worker", []failed{of(cut(1, 9, 10), loadtest.Refused)}, 0},
		{"refused while no master runs, many times", []failed{of(cut(1, 40, 41), loadtest.Refused), of(cut(1, 41, 42), loadtest.Refused)}, 2},
		{"cut while no master runs", []failed{cut(1, 40, 41)}, 0},
		{"reset while no master runs, twice", []failed{of(cut(1, 40, 41), loadtest.Reset), of(cut(1, 41, 42), loadtest.Reset)}, 1},
		{"waited for a process that stood still", []failed{of(cut(1, 25, 32), loadtest.Timeout)}, 1},
		{"cut by one that stood still", []failed{cut(1, 29, 30)}, 0},
		{"waited for nothing", []failed{of(cut(1, 1, 5), loadtest.Timeout)}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			k, d, s := killed, dead, stopped
			inherent, rest := judge(row.failures, []*harm{&s, &d, &k})
			if sum(inherent) != row.inherent || len(rest) != len(row.failures)-row.inherent {
				t.Errorf("got %v inherent and %d others, want %d of %d inherent", inherent, len(rest), row.inherent, len(row.failures))
			}
		})
	}
}

// TestScheduleIsOfItsSeed: a step is the same whatever else is carried out.
func TestScheduleIsOfItsSeed(t *testing.T) {
	seen, all := map[string]bool{}, map[string]bool{}
	for _, w := range weights {
		all[w.name()] = true
	}
	for i := range 5000 {
		a, b := stepOf(7, i), stepOf(7, i)
		if a != b {
			t.Fatalf("step %d is %+v, and %+v", i, a, b)
		}
		seen[a.name()] = true
	}
	if len(seen) != len(all) {
		t.Errorf("5,000 steps are of %d kinds, want all %d", len(seen), len(all))
	}
}
