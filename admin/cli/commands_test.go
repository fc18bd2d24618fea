package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

func TestStatusJSON(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var s admin.Status
	got := b.run("status", "--json")
	if err := json.Unmarshal([]byte(got.out), &s); err != nil || s.Name != "app" || s.Live != 1 || got.code != ExitDone {
		t.Errorf("code %d, %v: %s", got.code, err, got.out)
	}
	if got := b.run("status", "--check"); got.code != ExitDone || !strings.HasPrefix(got.out, "app is serving\n") {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
}

func TestHoldAndUnhold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.env.Getenv = func(name string) string {
		return map[string]string{"SUDO_USER": "alice", "TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}[name]
	}
	if got := b.run("hold", "--for", "2h", "--reason", "an incident"); got.code != ExitDone || !strings.Contains(got.out, "upgrades are held by") || !strings.Contains(got.out, "an incident") {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	orders := b.Orders()
	if len(orders) != 1 || orders[0].Order.Reason != "an incident" || !strings.HasPrefix(orders[0].Order.Trace, "00-0af7") {
		t.Errorf("the order is %+v", orders)
	}
	if left := time.Until(orders[0].Until); left < time.Hour || left > 2*time.Hour {
		t.Errorf("it holds for %v", left)
	}
	var h held
	if got := b.run("hold", "--json"); got.code != ExitDone || json.Unmarshal([]byte(got.out), &h) != nil || h.Hold == nil || h.Hold.Until != nil || h.Event == 0 {
		t.Errorf("code %d: %s", got.code, got.out)
	}
	if got := b.run("unhold"); got.code != ExitDone || got.out != "upgrades go on\n" {
		t.Errorf("code %d: %s", got.code, got.out)
	}
	if got := b.run("release-hold", "--json"); got.code != ExitDone || !strings.Contains(got.out, `"hold": null`) {
		t.Errorf("code %d: %s", got.code, got.out)
	}
}

func TestHoldEnds(t *testing.T) {
	for _, row := range []struct {
		span, until string
		want        time.Time // zero: an error
	}{
		{"90m", "", noon.Add(90 * time.Minute)},
		{"3d", "", noon.AddDate(0, 0, 3)},
		{"", "18:00", noon.Add(6 * time.Hour)},
		{"", "08:00", noon.Add(20 * time.Hour)},
		{"", "2026-12-24 08:00", time.Date(2026, 12, 24, 8, 0, 0, 0, time.UTC)},
		{"", "2026-12-24T08:00:00+01:00", time.Date(2026, 12, 24, 7, 0, 0, 0, time.UTC)},
		{"-2h", "", time.Time{}}, {"soon", "", time.Time{}}, {"0d", "", time.Time{}}, {"xd", "", time.Time{}},
		{"", "2001-01-01", time.Time{}}, {"", "tomorrow", time.Time{}}, {"1h", "18:00", time.Time{}},
	} {
		got, err := holdEnd(row.span, row.until, noon)
		if row.want.IsZero() != (err != nil) || err == nil && !got.Equal(row.want) {
			t.Errorf("--for %q --until %q: %v, %v; want %v", row.span, row.until, got, err, row.want)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 3 {
		b.Emit(admin.Event{Kind: admin.Starting, Generation: 1})
		b.Emit(admin.Event{Kind: admin.Failed, Generation: 1, Reason: "no \x1b[31mreason", Output: "last\nwords"})
	}
	for _, row := range []struct {
		args  string
		lines int
		want  string
	}{
		{"events", 12, "failed, generation 1: no [31mreason"},
		{"events --after 4", 4, "starting"},
		{"events --kind starting", 3, "starting, generation 1"},
		{"events --kind starting -n 1", 1, "     5  "},
		{"events -n 1 --json", 1, `"kind":"failed"`},
		{"events -n 0", 0, ""},
	} {
		got := b.run(strings.Fields(row.args)...)
		if n := strings.Count(got.out, "\n"); got.code != ExitDone || n != row.lines || !strings.Contains(got.out, row.want) {
			t.Errorf("%s: code %d, %d lines, want %d and %q:\n%s%s", row.args, got.code, n, row.lines, row.want, got.out, got.err)
		}
	}
}

func TestEventsGoOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Emit(admin.Event{Kind: admin.Started})
	out := newSyncBuffer()
	ctx, stop := contextOf(t)
	e := b.env
	e.Stdout = out
	code := make(chan int, 1)
	go func() { code <- Main(ctx, e, []string{"events", "-f", "--kind", "live,started"}) }()
	out.await(t, "past event", func(s string) bool { return strings.Contains(s, "started") })
	b.Emit(admin.Event{Kind: admin.Starting, Generation: 1})
	b.Emit(admin.Event{Kind: admin.Live, Generation: 1})
	text := out.await(t, "event", func(s string) bool { return strings.Contains(s, "live, generation 1") })
	if strings.Contains(text, "starting") {
		t.Errorf("a kind that is not wanted is shown:\n%s", text)
	}
	stop() // Ctrl-C
	if c := <-code; c != ExitDone {
		t.Errorf("code %d", c)
	}
}

func TestQuarantine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.run("quarantine"); got.code != ExitDone || got.out != "no release is in quarantine\n" {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	end := time.Now().Add(time.Hour)
	b.SetQuarantine(
		admin.Entry{Digest: digestB, Reason: "probe failed", Since: time.Now(), Until: &end},
		admin.Entry{Digest: "b3" + digestB[2:], Reason: "crashed", Since: time.Now()})
	if got := b.run("quarantine", "list"); got.code != ExitDone || !strings.Contains(got.out, "probe failed") || !strings.Contains(got.out, "until it is forgotten") {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	if got := b.run("quarantine", "forget", "b"); got.code != ExitUsage || !strings.Contains(got.err, "2 releases") {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	if got := b.run("quarantine", "forget", "B2", "--json"); got.code != ExitDone || !strings.Contains(got.out, `"forgotten": "`+digestB) {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	if got := b.run("quarantine", "--json"); got.code != ExitDone || strings.Contains(got.out, digestB) || !strings.Contains(got.out, "crashed") {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
}

func TestLogLevel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.run("log-level"); got.code != ExitDone || got.out != "info\n" {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	if got := b.run("log-level", "debug", "--json"); got.code != ExitDone || !strings.Contains(got.out, `"log_level": "debug"`) {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.run("history"); got.code != ExitDone || got.out != "no release was tried yet\n" {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
	b.SetHistory(admin.Attempt{Began: time.Now(), To: admin.Release{Digest: digestB}, Result: admin.ResultRefused})
	if got := b.run("history", "--json"); got.code != ExitDone || !strings.Contains(got.out, `"history": [`) || !strings.Contains(got.out, digestB) {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
}

// A person is asked, and a script is not.
func TestRollbackAsks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		answer string
		args   []string
		code   int
		orders int
	}{
		{"n\n", nil, ExitFailed, 0},
		{"", nil, ExitFailed, 0},
		{"yes\n", []string{"--no-wait"}, ExitDone, 1},
		{"", []string{"--no-wait", "--yes"}, ExitDone, 1},
	} {
		b := newBench(t)
		b.ChangeStatus(func(s *admin.Status) { s.Rollback = []admin.Target{admin.ToPrevious} })
		b.env.Asks, b.env.Stdin = true, strings.NewReader(row.answer)
		got := b.run(append([]string{"rollback"}, row.args...)...)
		if got.code != row.code || len(b.Orders()) != row.orders {
			t.Errorf("%q %q: code %d, %d orders: %s%s", row.answer, row.args, got.code, len(b.Orders()), got.out, got.err)
		}
		if row.orders == 1 && len(row.args) == 1 && b.Orders()[0].Order.Generation != 1 {
			t.Errorf("the order is not about the generation that was shown: %+v", b.Orders())
		}
	}
}
