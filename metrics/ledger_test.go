package metrics

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// tell has a master tell events a second apart, from the given second on.
func tell(m *admintest.Master, from int, events ...admin.Event) {
	for i, e := range events {
		e.Time = began.Add(time.Duration(from+i) * time.Second)
		m.Emit(e)
	}
}

// day is an eventful one: a start, a restart, a release that is installed, one
// that crashes on its trial, one that is refused, and a crash.
var day = []admin.Event{
	{Kind: admin.Started},
	{Kind: admin.Starting, Generation: 1},
	{Kind: admin.Live, Generation: 1, Release: "a"},
	{Kind: admin.RestartAsked, Actor: "ann"},
	{Kind: admin.Starting, Generation: 2},
	{Kind: admin.Live, Generation: 2, Release: "a"},
	{Kind: admin.Gone, Generation: 1},
	{Kind: admin.FetchFailed, Reason: "no route"},
	{Kind: admin.FetchWorks},
	{Kind: admin.Fetched, Release: "b"},
	{Kind: admin.Starting, Generation: 3, Release: "b"},
	{Kind: admin.Trial, Generation: 3, Release: "b"},
	{Kind: admin.Committed, Release: "b"},
	{Kind: admin.Live, Generation: 3, Release: "b", Reason: "probation passed"},
	{Kind: admin.Starting, Generation: 4, Release: "c"},
	{Kind: admin.Trial, Generation: 4, Release: "c"},
	{Kind: admin.Exited, Generation: 4, Release: "c"},
	{Kind: admin.RolledBack, Generation: 4, Release: "c", Reason: "ended by signal 9 during its trial"},
	{Kind: admin.Quarantined, Release: "c"},
	{Kind: admin.Live, Generation: 3, Release: "b", Reason: "put back"},
	{Kind: admin.Refused, Release: "d", Reason: "preflight: exit code 2"},
	{Kind: admin.Starting, Generation: 5, Release: "e"},
	{Kind: admin.Failed, Generation: 5, Release: "e", Reason: "not ready within 1m"},
	{Kind: "of-a-newer-master"},
}

var counted = []string{
	"overseer_restarts_total{result=\"done\"} 1\n",
	"overseer_restarts_total{result=\"failed\"} 0\n",
	"overseer_upgrades_total{reason=\"none\",result=\"done\"} 1\n",
	"overseer_upgrades_total{reason=\"crash\",result=\"rolled_back\"} 1\n",
	"overseer_upgrades_total{reason=\"preflight\",result=\"refused\"} 1\n",
	"overseer_upgrades_total{reason=\"ready\",result=\"failed\"} 1\n",
	"overseer_rollbacks_total{reason=\"crash\"} 1\n",
	"overseer_rollbacks_total{reason=\"asked\"} 0\n",
	"overseer_crashes_total 1\n",
	"overseer_fetch_errors_total 1\n",
	"overseer_fetch_last_success_timestamp_seconds 1.800000009e+09\n",
	"overseer_handover_seconds_count 3\n", "overseer_handover_seconds_sum 3\n",
	"overseer_trial_seconds_count 2\n", "overseer_trial_seconds_sum 3\n",
	"overseer_events_total{kind=\"starting\"} 5\n",
	"overseer_events_total{kind=\"other\"} 1\n",
	"overseer_events_total{kind=\"deferred\"} 0\n",
	"overseer_events_missed_total 0\n",
}

// Each event is counted once, however many scrapes come when.
func TestEventsAreCountedOnce(t *testing.T) {
	m := admintest.New()
	c := New(m)
	for i, e := range day {
		tell(m, i, e)
		if i%3 == 0 {
			scrape(t, c)
		}
	}
	for range 3 {
		has(t, scrape(t, c), counted...)
	}
}

// A collector that comes later counts what the master has kept, and shows no
// counter before: it would look like an increase.
func TestKeptEventsAreCounted(t *testing.T) {
	m := admintest.New()
	tell(m, 0, day...)
	c := New(m)
	if n := testutil.CollectAndCount(c, "overseer_events_total"); n == 0 {
		t.Error("the first scrape shows no counters")
	}
	has(t, scrape(t, c), counted...)
}

// Run counts what comes as it comes, so that nothing is missed of what the master
// keeps for moments only.
func TestRunFollows(t *testing.T) {
	m := admintest.New()
	c := New(m)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	for i, e := range day {
		tell(m, i, e)
		until(t, func() bool { last, _ := c.ledger.position(); return last.ID == uint64(i+1) })
		m.Keep(1)
	}
	has(t, scrape(t, c), counted...)
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}

// until polls for what has no event of its own.
func until(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it has not come to it within 30 s")
		}
	}
}

func TestRunWithoutEvents(t *testing.T) {
	m := admintest.New()
	c := New(struct{ Source }{m})
	if err := c.Run(t.Context()); err != ErrNoEvents {
		t.Errorf("Run = %v; want %v", err, ErrNoEvents)
	}
	has(t, scrape(t, c), "overseer_up 1\n", "!overseer_events_total")
}

// Events that are lost are counted as such, and the rest goes on.
func TestMissedEvents(t *testing.T) {
	m := admintest.New()
	c := New(m)
	tell(m, 0, day...)
	scrape(t, c)
	for range 10 {
		tell(m, 0, admin.Event{Kind: admin.Exited})
	}
	m.Keep(4)
	has(t, scrape(t, c), "overseer_events_missed_total 6\n", "overseer_crashes_total 5\n")
}

// switchable is a source whose master is replaced by one that knows nothing of it.
type switchable struct{ *admintest.Master }

// A master without a state directory numbers its events from 1 again. That is
// noticed, whether it has come less far than the one before, as far, or further.
func TestNumbersBeginAnew(t *testing.T) {
	for _, n := range []int{1, 3, 5} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			first := admintest.New()
			source := &switchable{first}
			c := New(source)
			tell(first, 0, admin.Event{Kind: admin.Exited}, admin.Event{Kind: admin.Exited}, admin.Event{Kind: admin.Exited})
			has(t, scrape(t, c), "overseer_crashes_total 3\n")
			second := admintest.New()
			second.ChangeStatus(func(s *admin.Status) { s.Started = began.Add(time.Hour) })
			for i := range n {
				tell(second, 3600+i, admin.Event{Kind: admin.Exited})
			}
			source.Master = second
			want := fmt.Sprintf("overseer_crashes_total %d\n", 3+n)
			has(t, scrape(t, c), want)
			has(t, scrape(t, c), want, "overseer_events_missed_total 0\n")
		})
	}
}

// The number of series does not grow with what has been: 10,000 generations of as
// many releases, 200 of them at a time.
func TestSeriesAreBounded(t *testing.T) {
	m := admintest.New()
	c := New(m)
	const generations, step = 10_000, 200
	highest := 0
	for n := step; n <= generations; n += step {
		s := admin.Status{Live: n - 100, Started: began}
		for i := n - step + 1; i <= n; i++ {
			release := fmt.Sprintf("%064d", i)
			s.Generations = append(s.Generations, admin.Generation{
				Number: i, Phase: admin.PhaseDraining, Release: admin.Release{Digest: release, Version: release}, Started: began,
				Connections: &admin.Connections{Open: 1, Accepted: 1}, Usage: admin.Usage{RSS: 1, CPU: 1},
			})
			tell(m, i, admin.Event{Kind: admin.Starting, Generation: i, Release: release},
				admin.Event{Kind: admin.Failed, Generation: i, Release: release, Reason: "reason " + release})
		}
		m.SetStatus(s)
		highest = max(highest, testutil.CollectAndCount(c))
	}
	const bound = 5*maxGenerations + 140
	if highest > bound {
		t.Errorf("%d series; want %d at most", highest, bound)
	}
	page := scrape(t, c)
	has(t, page, "overseer_events_missed_total 0\n", "overseer_connections_accepted_total 10000\n",
		`overseer_generation_info{generation="9900"`) // the live one, which is not among the newest
	if n := strings.Count(page, "overseer_generation_info{"); n != maxGenerations {
		t.Errorf("%d generations have labels; want %d", n, maxGenerations)
	}
	t.Logf("%d series at most", highest)
}

// The count of connections never goes back: generations leave the status, and
// another master counts them from 1 again.
func TestAcceptedNeverGoesBack(t *testing.T) {
	var a accepted
	at := func(n int) time.Time { return began.Add(time.Duration(n) * time.Second) }
	g := func(n int, accepted uint64) admin.Generation {
		return admin.Generation{Number: n, Connections: &admin.Connections{Accepted: accepted}}
	}
	for i, row := range []struct {
		s    admin.Status
		want uint64
	}{
		{admin.Status{Time: at(1), Generations: []admin.Generation{g(1, 10)}}, 10},
		{admin.Status{Time: at(2), Generations: []admin.Generation{g(1, 12), g(2, 5)}}, 17},
		{admin.Status{Time: at(3), Gone: []admin.Generation{g(1, 13)}, Generations: []admin.Generation{g(2, 6)}}, 19},
		{admin.Status{Time: at(4), Generations: []admin.Generation{g(2, 7)}}, 20},
		{admin.Status{Time: at(2), Generations: []admin.Generation{g(1, 12), g(2, 5)}}, 20}, // late
		{admin.Status{Time: at(5), Started: at(5), Generations: []admin.Generation{g(1, 1)}}, 21},
		{admin.Status{Time: at(6), Started: at(5), Generations: []admin.Generation{{Number: 1}}}, 21},
	} {
		if a.add(row.s); a.total() != row.want {
			t.Errorf("step %d: %d; want %d", i, a.total(), row.want)
		}
	}
}
