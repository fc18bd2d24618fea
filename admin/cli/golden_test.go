package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// noon is when the golden files were looked at.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time    { return noon.Add(-d) }
func until(d time.Duration) *time.Time { t := noon.Add(d); return &t }

func serving() admin.Status {
	a := admin.Release{Digest: strings.Repeat("a1", 32), Version: "1.4.2"}
	return admin.Status{
		Name: "app", Binary: "/srv/app/app", PID: 4000, Started: ago(50 * time.Hour), Socket: "/srv/app/.app.overseer/admin.sock",
		Addresses: []string{":8080", "unix:///run/app.sock"}, Condition: admin.Serving, Live: 7,
		Generations: []admin.Generation{{
			Number: 7, PID: 4711, Phase: admin.PhaseLive, Release: a, Started: ago(3*time.Hour + 12*time.Minute), Since: ago(3*time.Hour + 12*time.Minute),
			Connections: &admin.Connections{Open: 42, Accepted: 9310}, Usage: admin.Usage{RSS: 31_400_000},
		}},
		Usage:  admin.Usage{RSS: 12_000_000},
		Source: &admin.Source{Name: "manifest https://releases.example.com/stable.json", Looked: until(-2 * time.Minute), Next: until(3 * time.Minute)}, Rollback: []admin.Target{admin.ToPrevious}, LogLevel: "info", Event: 120, Time: noon,
	}
}

func onTrial() admin.Status {
	s := serving()
	b := admin.Release{Digest: strings.Repeat("b2", 32), Version: "1.5.0"}
	s.Condition, s.Live, s.Rollback = admin.OnTrial, 8, []admin.Target{admin.ToStandby}
	s.Generations[0].Phase, s.Generations[0].Since = admin.PhaseStandby, ago(3*time.Second)
	s.Generations = append(s.Generations, admin.Generation{Number: 8, PID: 4800, Phase: admin.PhaseLive, OnTrial: true, Release: b, Since: ago(3 * time.Second), Connections: &admin.Connections{Open: 3, Accepted: 17}})
	s.Operation = &admin.Operation{Kind: "upgrade", Stage: "trial", Generation: 8, Release: b, Since: ago(3 * time.Second), Until: until(7 * time.Second), Actor: "uid 0 (root) for alice"}
	return s
}

func troubled() admin.Status {
	s := serving()
	s.Source.Error = "get https://releases.example.com/stable.json: status 503; it is asked again"
	s.Hold = &admin.Hold{Since: ago(time.Hour), Until: until(2 * time.Hour), Reason: "the incident of \x1b[2Jtoday", Actor: "uid 1000 (bob)"}
	s.Refused = &admin.Attempt{Began: ago(26 * time.Hour), Ended: ago(26 * time.Hour), To: admin.Release{Digest: strings.Repeat("c3", 32), Version: "1.4.9"}, Result: admin.ResultBack, Reason: "probe failed: status 500", Output: "starting\npanic: no such table: orders\n\ngoroutine 1 [running]:\n"}
	s.Waiting = &admin.Candidate{Release: admin.Release{Digest: strings.Repeat("d4", 32)}, Why: "it gets its trial at the next restart"}
	s.Generations = append([]admin.Generation{{Number: 6, PID: 4600, Phase: admin.PhaseDraining, Release: s.Generations[0].Release, Since: ago(90 * time.Second)}}, s.Generations...)
	return s
}

func down() admin.Status {
	s := serving()
	s.Condition, s.Live, s.Crashes, s.Generations, s.Rollback = admin.Down, 0, 4, nil, nil
	s.Gone = []admin.Generation{{Number: 11, Release: admin.Release{Digest: strings.Repeat("a1", 32)}, Since: ago(4 * time.Second), Exit: "exited with code 2", Output: "open config: no such file"}}
	return s
}

func TestStatusPages(t *testing.T) {
	plain := Env{Now: func() time.Time { return noon }, Getenv: func(string) string { return "" }}
	wide, narrow := plain, plain
	narrow.Terminal, narrow.Width = true, 60
	narrow.Getenv = func(name string) string { return map[string]string{"NO_COLOR": "1"}[name] }
	wide.Terminal, wide.Width = true, 120
	wide.Getenv = func(name string) string { return map[string]string{"LANG": "C.UTF-8", "TERM": "xterm"}[name] }
	for _, row := range []struct {
		name   string
		env    Env
		status admin.Status
	}{
		{"serving", plain, serving()},
		{"trial", plain, onTrial()},
		{"troubled", plain, troubled()},
		{"troubled-narrow", narrow, troubled()},
		{"trial-colour", wide, onTrial()},
		{"down", plain, down()},
		{"down-colour", wide, down()},
		{"starting", plain, admin.Status{Name: "app", Condition: admin.Coming, Started: noon, Time: noon, LogLevel: "info"}},
	} {
		k := newCall(row.env.settled(), statusCommand)
		text := k.statusText(row.status)
		golden(t, "status/"+row.name+".txt", text)
		if !k.Colour() && strings.ContainsRune(text, '\x1b') {
			t.Errorf("%s has an escape sequence", row.name)
		}
		for l := range strings.Lines(text) {
			if w := row.env.Width; w > 0 && !k.Colour() && runes(strings.TrimRight(l, "\n")) > w {
				t.Errorf("%s has a line of %d characters: %s", row.name, runes(l), l)
			}
		}
	}
}

func TestHelpPages(t *testing.T) {
	e := Env{Program: "overseer"}.settled()
	var index bytes.Buffer
	e.index(&index)
	golden(t, "help/index.txt", index.String())
	for _, c := range e.commands() {
		k := newCall(e, c)
		c.Setup(k)
		var page bytes.Buffer
		k.page(&page)
		golden(t, "help/"+c.Name+".txt", page.String())
		for l := range strings.Lines(page.String()) {
			if runes(l) > 100 {
				t.Errorf("help of %s has a line of %d characters: %s", c.Name, runes(l), l)
			}
		}
		if c.About == "" || c.Examples == "" || !strings.Contains(page.String(), "  6  ") {
			t.Errorf("help of %s is not whole", c.Name)
		}
		for _, args := range [][]string{{"help", c.Name}, {c.Name, "--help"}, {c.Name, "-h"}} {
			if got := runIn(t, e, args...); got.code != ExitDone || got.out != page.String() {
				t.Errorf("%q: code %d and another page:\n%s", args, got.code, got.out)
			}
		}
	}
}

func TestHistoryPage(t *testing.T) {
	k := newCall(Env{Now: func() time.Time { return noon }}.settled(), historyCommand)
	a, b := admin.Release{Digest: strings.Repeat("a1", 32), Version: "1.4.2"}, admin.Release{Digest: strings.Repeat("b2", 32)}
	golden(t, "history.txt", k.historyText([]admin.Attempt{
		{Began: ago(time.Minute), From: a, To: b, Result: admin.UnderWay},
		{Began: ago(time.Hour), Ended: ago(59 * time.Minute), From: a, To: b, Result: admin.ResultBack, Reason: "ended by signal 11 during its trial", Output: "one\ntwo\n", Actor: "bob"},
		{Began: ago(40 * time.Hour), Ended: ago(39 * time.Hour), From: b, To: a, Result: admin.ResultDone},
	}))
}
