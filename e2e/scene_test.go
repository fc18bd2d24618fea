package e2e

import (
	"context"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// Releases of the scenes.
var (
	older  = admin.Release{Digest: strings.Repeat("5e21c07a9d", 7)[:64], Version: "1.4.0"}
	proven = admin.Release{Digest: strings.Repeat("3f9a12c4b8", 7)[:64], Version: "1.4.2"}
	fresh  = admin.Release{Digest: strings.Repeat("b07d55e1a3", 7)[:64], Version: "1.5.0"}
	broken = admin.Release{Digest: strings.Repeat("c4410fe872", 7)[:64], Version: "1.4.3"}
)

const lastWords = `2026/03/02 03:11:58 loading configuration from /etc/shop/shop.toml
2026/03/02 03:11:58 connecting to postgres://shop@10.0.4.7/shop
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x6f2a31]

goroutine 1 [running]:
main.(*cart).restore(0x0)
	/src/shop/cart.go:118 +0x31
main.main()
	/src/shop/main.go:64 +0x2c5
exit status 2`

// life makes a generation: its phases begin so long before the given moment, in
// the order of names.
func life(number int, r admin.Release, now time.Time, phases ...any) admin.Generation {
	g := admin.Generation{Number: number, PID: 41000 + 37*number, Release: r}
	for i := 0; i < len(phases); i += 2 {
		g.Phases = append(g.Phases, admin.Change{Phase: phases[i].(admin.Phase), At: now.Add(-phases[i+1].(time.Duration))})
	}
	last := g.Phases[len(g.Phases)-1]
	g.Phase, g.Since, g.Started = last.Phase, last.At, g.Phases[0].At
	return g
}

// quiet is a service that has been through something and serves.
func quiet() *admintest.Master {
	const ms = time.Millisecond
	now := time.Now()
	m := admintest.New()
	m.SetLast(100)

	live := life(7, proven, now, admin.PhaseStarting, 9*time.Minute+800*ms, admin.PhaseReady, 9*time.Minute+200*ms, admin.PhaseProbed, 9*time.Minute+100*ms, admin.PhaseLive, 9*time.Minute)
	live.Connections = &admin.Connections{Open: 128, Accepted: 48_211}
	live.Usage = admin.Usage{RSS: 86 << 20, CPU: 41.7}
	before := life(5, older, now, admin.PhaseStarting, 26*time.Hour, admin.PhaseReady, 26*time.Hour-800*ms, admin.PhaseProbed, 26*time.Hour-850*ms, admin.PhaseLive, 26*time.Hour-900*ms,
		admin.PhaseStandby, 9*time.Minute, admin.PhaseDraining, 8*time.Minute+30*time.Second, admin.PhaseGone, 6*time.Minute)
	before.Connections, before.Exit = &admin.Connections{Accepted: 9_120_334}, "exit status 0"
	crashed := life(6, broken, now, admin.PhaseStarting, 11*time.Minute, admin.PhaseGone, 11*time.Minute-3*time.Second)
	crashed.Exit, crashed.Output, crashed.Restarts = "exit status 2", lastWords, 1

	refused := admin.Attempt{
		Began: now.Add(-11*time.Minute - 2*time.Second), Ended: now.Add(-11*time.Minute + 3*time.Second), From: older, To: broken, Generation: 6,
		Result: admin.ResultFailed, Reason: "it ended before it was ready: exit status 2", Output: lastWords,
		Steps: []admin.Step{{Kind: admin.Fetched, At: now.Add(-11*time.Minute - 2*time.Second)}, {Kind: admin.Starting, At: now.Add(-11 * time.Minute)}, {Kind: admin.Failed, At: now.Add(-11*time.Minute + 3*time.Second)}, {Kind: admin.Quarantined, At: now.Add(-11*time.Minute + 3*time.Second)}},
	}
	done := admin.Attempt{
		Began: now.Add(-9*time.Minute - 3*time.Second), Ended: now.Add(-8*time.Minute - 30*time.Second), From: older, To: proven, Generation: 7, Result: admin.ResultDone, Actor: "olga",
		Steps: []admin.Step{{Kind: admin.Fetched, At: now.Add(-9*time.Minute - 3*time.Second)}, {Kind: admin.Starting, At: now.Add(-9*time.Minute - 800*ms)}, {Kind: admin.Trial, At: now.Add(-9 * time.Minute)}, {Kind: admin.Committed, At: now.Add(-8*time.Minute - 30*time.Second)}},
	}
	m.SetHistory(done, refused)
	until := now.Add(20 * time.Hour)
	m.SetQuarantine(admin.Entry{Digest: broken.Digest, Reason: refused.Reason, Since: refused.Ended, Until: &until})
	looked, next := now.Add(-50*time.Second), now.Add(4*time.Minute)
	m.SetStatus(admin.Status{
		Name: "shop", Binary: "/srv/shop/shop", PID: 4021, Started: now.Add(-26 * time.Hour), Socket: "/srv/shop/.shop.overseer/admin.sock", Addresses: []string{"0.0.0.0:443", "0.0.0.0:80"},
		Condition: admin.Serving, Live: 7, Generations: []admin.Generation{live}, Gone: []admin.Generation{before, crashed}, Starts: 7,
		Usage:   admin.Usage{RSS: 14 << 20, CPU: 8.4},
		Source:  &admin.Source{Name: "https://releases.example.com/shop/stable.json", Looked: &looked, Next: &next},
		Refused: nil, Rollback: []admin.Target{admin.ToPrevious}, LogLevel: "info",
	})
	m.SetSample(admin.Sample{Usage: admin.Usage{RSS: 14 << 20, CPU: 8.4}, Generations: []admin.GenerationSample{{Number: 7, Phase: admin.PhaseLive, Connections: live.Connections, Usage: live.Usage}}})
	for _, e := range []admin.Event{
		{Kind: admin.Fetched, Release: broken.Digest, Version: broken.Version, Time: refused.Began},
		{Kind: admin.Starting, Generation: 6, PID: crashed.PID, Release: broken.Digest, Version: broken.Version, Time: crashed.Started},
		{Kind: admin.Failed, Generation: 6, PID: crashed.PID, Release: broken.Digest, Version: broken.Version, Reason: refused.Reason, Output: lastWords, Time: refused.Ended},
		{Kind: admin.Quarantined, Release: broken.Digest, Version: broken.Version, Reason: refused.Reason, Time: refused.Ended},
		{Kind: admin.UpgradeAsked, Actor: "olga", Reason: "1.4.2 has the fix", Time: done.Began},
		{Kind: admin.Fetched, Release: proven.Digest, Version: proven.Version, Time: done.Began},
		{Kind: admin.Starting, Generation: 7, PID: live.PID, Release: proven.Digest, Version: proven.Version, Time: live.Started},
		{Kind: admin.Trial, Generation: 7, PID: live.PID, Release: proven.Digest, Version: proven.Version, Time: live.Since},
		{Kind: admin.Committed, Release: proven.Digest, Version: proven.Version, Time: done.Ended},
		{Kind: admin.Live, Generation: 7, PID: live.PID, Release: proven.Digest, Version: proven.Version, Time: done.Ended},
		{Kind: admin.Gone, Generation: 5, PID: before.PID, Release: older.Digest, Version: older.Version, Reason: "exit status 0", Time: before.Since},
	} {
		m.Emit(e)
	}
	return m
}

// onTrial has release 1.5.0 serve its probation, after 1.4.3 was refused.
func onTrial(m *admintest.Master) {
	const ms = time.Millisecond
	now := time.Now()
	history, _ := m.History(context.Background(), 10)
	m.ChangeStatus(func(s *admin.Status) {
		old := s.Generations[0]
		old.Phases = append(append([]admin.Change(nil), old.Phases...), admin.Change{Phase: admin.PhaseStandby, At: now.Add(-12 * time.Second)})
		old.Phase, old.Since = admin.PhaseStandby, now.Add(-12*time.Second)
		old.Connections = &admin.Connections{Open: 37, Accepted: 48_211}
		g := life(8, fresh, now, admin.PhaseStarting, 13*time.Second+900*ms, admin.PhaseReady, 12*time.Second+300*ms, admin.PhaseProbed, 12*time.Second+100*ms, admin.PhaseLive, 12*time.Second)
		g.OnTrial, g.Connections, g.Usage = true, &admin.Connections{Open: 94, Accepted: 1_077}, admin.Usage{RSS: 71 << 20, CPU: 2.2}
		until := now.Add(18 * time.Second)
		s.Condition, s.Live, s.Generations, s.Starts = admin.OnTrial, 8, []admin.Generation{old, g}, 8
		s.Operation = &admin.Operation{Kind: "upgrade", Stage: "trial", Generation: 8, Release: fresh, Since: now.Add(-12 * time.Second), Until: &until, Actor: "olga"}
		s.Rollback = []admin.Target{admin.ToStandby}
		s.Refused = &history[1]
	})
	m.SetHistory(append([]admin.Attempt{{Began: now.Add(-16 * time.Second), From: proven, To: fresh, Generation: 8, Result: admin.UnderWay, Actor: "olga"}}, history...)...)
	m.SetSample(admin.Sample{Usage: admin.Usage{RSS: 14 << 20, CPU: 8.5}, Generations: []admin.GenerationSample{
		{Number: 7, Phase: admin.PhaseStandby, Connections: &admin.Connections{Open: 37, Accepted: 48_211}, Usage: admin.Usage{RSS: 86 << 20, CPU: 41.9}},
		{Number: 8, Phase: admin.PhaseLive, Connections: &admin.Connections{Open: 94, Accepted: 1_077}, Usage: admin.Usage{RSS: 71 << 20, CPU: 2.2}},
	}})
	m.Emit(admin.Event{Kind: admin.Trial, Generation: 8, Release: fresh.Digest, Version: fresh.Version})
}

// down has nothing serve: the last release crashes at once, again and again.
func down(m *admintest.Master) {
	now := time.Now()
	m.ChangeStatus(func(s *admin.Status) {
		dead := s.Generations[0]
		dead.Phases = append(append([]admin.Change(nil), dead.Phases...), admin.Change{Phase: admin.PhaseGone, At: now.Add(-8 * time.Second)})
		dead.Phase, dead.Since, dead.Exit, dead.Output = admin.PhaseGone, now.Add(-8*time.Second), "exit status 2", lastWords
		s.Condition, s.Live, s.Crashes, s.Rollback = admin.Down, 0, 3, nil
		s.Gone = append(append([]admin.Generation(nil), s.Gone...), dead)
		s.Generations = []admin.Generation{life(8, proven, now, admin.PhaseStarting, 400*time.Millisecond)}
		s.Hold = &admin.Hold{Since: now.Add(-3 * time.Minute), Reason: "looking into the crash of 1.4.3", Actor: "olga"}
	})
	m.Emit(admin.Event{Kind: admin.Exited, Generation: 7, Release: proven.Digest, Version: proven.Version, Reason: "exit status 2", Output: lastWords})
}
