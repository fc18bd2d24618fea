package takeover

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// Whatever events come in whatever order, what begins ends once, and nothing is
// said of what has not begun.
func TestRandomEvents(t *testing.T) {
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var r Reader
		open := map[uint64]bool{}
		follow := func(steps []Step) {
			for _, s := range steps {
				n := s.Takeover.Number
				if open[n] == (s.Did == Began) {
					t.Fatalf("seed %d: %+v of a takeover whose being under way is %t", seed, s, open[n])
				}
				if s.Lasted < 0 || (s.Did == Ended) != (s.Takeover.Result != "") {
					t.Fatalf("seed %d: %+v", seed, s)
				}
				if open[n] = s.Did != Ended; !open[n] {
					delete(open, n)
				}
			}
		}
		for range 200 {
			follow(r.Read(random(rnd)))
			if len(open) > 1 {
				t.Fatalf("seed %d: %d takeovers are under way", seed, len(open))
			}
		}
		if follow(r.Close(time.Unix(0, 0))); len(open) != 0 {
			t.Fatalf("seed %d: %v are left", seed, open)
		}
	}
}

// random returns an event of any kind, about a few generations and releases, at
// any time.
func random(rnd *rand.Rand) admin.Event {
	kinds := admin.Kinds()
	return admin.Event{
		Time:       time.Unix(rnd.Int64N(1000), 0),
		Kind:       kinds[rnd.IntN(len(kinds))],
		Generation: rnd.IntN(4),
		Release:    []string{"", "a", "b", "c"}[rnd.IntN(4)],
		Reason:     []string{"", "probe failed: x", "signal 9"}[rnd.IntN(3)],
	}
}

func TestOrdersAndReleases(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	for _, row := range []struct {
		name   string
		events []admin.Event
		want   string // the last step
		check  func(Takeover) bool
	}{
		{"a release that was fetched just now", []admin.Event{
			{Kind: admin.Fetched, Time: at(1), Release: "b", Version: "2"},
			{Kind: admin.Starting, Time: at(2), Generation: 5, Release: "b"},
		}, "upgrade 5 b began", func(o Takeover) bool { return o.Fetched != nil && o.Version == "2" }},
		{"a release that has waited for a day", []admin.Event{
			{Kind: admin.Fetched, Time: at(1), Release: "b"},
			{Kind: admin.Starting, Time: at(86400), Generation: 5, Release: "b"},
		}, "upgrade 5 b began", func(o Takeover) bool { return o.Fetched == nil }},
		{"a restart that was asked for", []admin.Event{
			{Kind: admin.RestartAsked, Time: at(1), Actor: "ann", Trace: "t"},
			{Kind: admin.Starting, Time: at(2), Generation: 5},
		}, "restart 5 began", func(o Takeover) bool { return o.Asked != nil && o.Asked.Actor == "ann" }},
		{"an order of long ago", []admin.Event{
			{Kind: admin.UpgradeAsked, Time: at(1)},
			{Kind: admin.Starting, Time: at(86400), Generation: 5},
		}, "restart 5 began", func(o Takeover) bool { return o.Asked == nil }},
		{"an order that finds nothing", []admin.Event{
			{Kind: admin.UpgradeAsked, Time: at(1)},
			{Kind: admin.NothingNew, Time: at(2)},
			{Kind: admin.Starting, Time: at(3), Generation: 5},
		}, "restart 5 began", func(o Takeover) bool { return o.Asked == nil }},
		{"an order whose release takes long to fetch", []admin.Event{
			{Kind: admin.UpgradeAsked, Time: at(1), Actor: "ann"},
			{Kind: admin.Fetched, Time: at(1200), Release: "b"},
			{Kind: admin.Starting, Time: at(1201), Generation: 5, Release: "b", Actor: "ann", Trace: "t"},
		}, "upgrade 5 b began", func(o Takeover) bool { return o.Asked == nil && o.Actor == "ann" && o.Trace == "t" }},
		{"a rollback that is refused, and an upgrade", []admin.Event{
			{Kind: admin.Live, Time: at(1), Generation: 4, Release: "b"},
			{Kind: admin.RollbackAsked, Time: at(2)},
			{Kind: admin.Ignored, Time: at(2), Release: "a"},
			{Kind: admin.Starting, Time: at(3), Generation: 5, Release: "c"},
		}, "upgrade 5 c began", nil},
		{"a rollback to the binary before", []admin.Event{
			{Kind: admin.Live, Time: at(1), Generation: 4, Release: "b"},
			{Kind: admin.RollbackAsked, Time: at(2)},
			{Kind: admin.Starting, Time: at(3), Generation: 5, Release: "a"},
			{Kind: admin.Trial, Time: at(4), Generation: 5, Release: "a"},
			{Kind: admin.Committed, Time: at(5), Release: "a"},
		}, "rollback 5 a done, trial took 1s", nil},
		{"a rollback during a trial", []admin.Event{
			{Kind: admin.Trial, Time: at(1), Generation: 5, Release: "b"},
			{Kind: admin.RollbackAsked, Time: at(2)},
			{Kind: admin.RolledBack, Time: at(3), Generation: 5, Release: "b", Reason: "asked by ann: the probe failed"},
			{Kind: admin.Live, Time: at(4), Generation: 4, Release: "a"},
		}, "upgrade 5 b rolled_back by asked (asked by ann: the probe failed), back took 1s", func(o Takeover) bool { return o.Partial }},
		{"a rollback before there is traffic, and an upgrade", []admin.Event{
			{Kind: admin.Live, Time: at(1), Generation: 4, Release: "a"},
			{Kind: admin.Starting, Time: at(2), Generation: 5, Release: "b"},
			{Kind: admin.RollbackAsked, Time: at(3)},
			{Kind: admin.Failed, Time: at(4), Generation: 5, Release: "b", Reason: "asked by ann"},
			{Kind: admin.Starting, Time: at(5), Generation: 6, Release: "c"},
		}, "upgrade 6 c began", nil},
		{"a refusal while another is on trial", []admin.Event{
			{Kind: admin.Trial, Time: at(1), Generation: 5, Release: "b"},
			{Kind: admin.Refused, Time: at(2), Release: "c", Reason: "preflight: exit code 2"},
		}, "upgrade 0 c refused by preflight (preflight: exit code 2)", nil},
		{"a refusal by the hook", []admin.Event{
			{Kind: admin.Refused, Time: at(2), Release: "c", Reason: "PreUpgrade: not before the preflight: ever"},
		}, "upgrade 0 c refused by refused (PreUpgrade: not before the preflight: ever)", nil},
		{"a master that ended meanwhile", []admin.Event{
			{Kind: admin.Trial, Time: at(1), Generation: 5, Release: "b"},
			{Kind: admin.Started, Time: at(2)},
		}, "upgrade 5 b interrupted by other (), trial took 1s", nil},
		{"the same, which the next one says too", []admin.Event{
			{Kind: admin.Trial, Time: at(1), Generation: 5, Release: "b"},
			{Kind: admin.Started, Time: at(2)},
			{Kind: admin.Interrupted, Time: at(3), Reason: "taken out"},
		}, "upgrade 5 b interrupted by other (), trial took 1s", nil},
		{"a master that ended unseen", []admin.Event{
			{Kind: admin.Started, Time: at(2)},
			{Kind: admin.Interrupted, Time: at(3), Reason: "taken out"},
		}, "upgrade 0 interrupted by other (taken out)", nil},
		{"a release that is refused again", []admin.Event{
			{Kind: admin.Refused, Time: at(1), Release: "c", Reason: "PreUpgrade: no"},
			{Kind: admin.Refused, Time: at(2), Release: "c", Reason: "PreUpgrade: no"},
		}, "upgrade 0 c refused by refused (PreUpgrade: no)", func(o Takeover) bool { return o.Number == 1 }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var r Reader
			var last Step
			for _, e := range row.events {
				if steps := r.Read(e); len(steps) > 0 {
					last = steps[len(steps)-1]
				}
			}
			if got := describe(last); got != row.want {
				t.Errorf("the last step is %q; want %q", got, row.want)
			}
			if row.check != nil && !row.check(last.Takeover) {
				t.Errorf("%+v", last.Takeover)
			}
		})
	}
}

// All causes are of the closed set, and the machine's reasons are told apart:
// what ends as "other" is the host's fault, or not known to be anything else.
func TestCauses(t *testing.T) {
	others := []string{"exec format error", "permission denied", "no memory", "cannot allocate memory"}
	names, events := transcripts(t)
	for _, name := range names {
		for _, e := range events[name] {
			if e.Kind != admin.Failed && e.Kind != admin.RolledBack {
				continue
			}
			c := causeOf(e)
			if !slices.Contains(Causes(), c) {
				t.Errorf("%s: %q is by %q, which Causes does not have", name, e.Reason, c)
			}
			if c == ByOther && !slices.Contains(others, e.Reason) {
				t.Errorf("%s: %q is by nothing in particular: give it a row in words", name, e.Reason)
			}
		}
	}
}
