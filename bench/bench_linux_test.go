package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/load"
	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/trial"
)

func TestMain(m *testing.M) {
	if played() {
		return
	}
	os.Exit(m.Run())
}

// least is enough to see that each part works. Its times mean nothing.
func least() trial.Amount {
	a := trial.Quick
	a.Name = "test"
	a.Paces = map[load.Mode]trial.Pace{}
	for _, mode := range load.Modes {
		a.Paces[mode] = trial.Pace{Rate: 40, Clients: 6}
	}
	a.Steady, a.Longest = 100*time.Millisecond, time.Minute
	a.Handovers, a.OwnHandovers, a.OwnLongest = 1, 2, time.Minute
	a.Rounds, a.Part, a.Idle, a.File = 1, 20*time.Millisecond, 20, 1<<20
	a.Sizes, a.Listeners, a.Connections, a.Generations = []int64{0}, []int{3}, []int{10}, 2
	return a
}

// TestBench runs all of it, with real processes, and looks at counts, not at
// times. Overseer loses nothing; whoever closes and listens again is there too,
// to show that a loss would be seen.
func TestBench(t *testing.T) {
	out := t.TempDir()
	if err := run(t.Context(), out, least(), ""); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(out, "benchmarks", "figures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r result.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	// Servers of others may not do what they are told: HAProxy 2.6 has overheard a
	// SIGUSR2 for 20 seconds. The page says so, and it is no failure of the bench.
	for _, problem := range r.Problems {
		if !strings.HasPrefix(problem, "HAProxy") && !strings.HasPrefix(problem, "nginx") {
			t.Errorf("problem: %s", problem)
		}
	}
	lost := 0
	for _, h := range r.Handovers {
		switch h.Contestant {
		case "overseer":
			// A request may cross the GOAWAY of net/http's server, which says then
			// that it has not begun with it.
			failed := h.Failed() - h.Failures[load.Unprocessed.String()]
			if failed > 0 || h.Requests == 0 || h.Handovers != 2 {
				t.Errorf("%s: %d of %d requests failed (%v) in %d handovers, want none of some in 2", h.Mode, failed, h.Requests, h.Failures, h.Handovers)
			}
			if h.FirstOfNew.Mid <= 0 {
				t.Errorf("%s: no new generation was seen to answer", h.Mode)
			}
		case "plain net/http":
			if h.Failed() > 0 || h.Handovers != 0 {
				t.Errorf("plain, %s: %d failed in %d handovers, want none in none", h.Mode, h.Failed(), h.Handovers)
			}
		case "close and listen again":
			lost += h.Failed()
		}
	}
	if lost == 0 {
		t.Error("closing and listening again has lost nothing: want that it is seen")
	}
	page, err := os.ReadFile(filepath.Join(out, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"| overseer |": true, "too few to tell": true, "NaN": false, "%!": false} {
		if got := strings.Contains(string(page), text); got != want {
			t.Errorf("the page has %q: %v, want %v\n%s", text, got, want, page)
		}
	}
}

// TestLongRun: each mode is counted, and what a build has measured once it does not
// measure again.
func TestLongRun(t *testing.T) {
	amount := least()
	amount.OwnRequests = 10
	out := t.TempDir()
	var runs [2][]result.LongRun
	for i := range runs {
		if err := runLong(t.Context(), out, amount); err != nil {
			t.Fatal(err)
		}
		all, err := read[[]result.LongRun](longRuns(out))
		if err != nil || len(all) != len(load.Modes) {
			t.Fatalf("%d modes, %v, want %d", len(all), err, len(load.Modes))
		}
		runs[i] = all
	}
	for i, l := range runs[0] {
		if !runs[1][i].Began.Equal(l.Began) {
			t.Errorf("%s was measured twice", l.Mode)
		}
		if failed := l.Failed() - l.Failures[load.Unprocessed.String()]; failed > 0 || l.Requests < 10 || l.Handovers < 2 {
			t.Errorf("%s: %d of %d requests failed in %d handovers (%v), want none of 10 in 2 at least", l.Mode, failed, l.Requests, l.Handovers, l.Failures)
		}
	}
	page, err := os.ReadFile(filepath.Join(out, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "| raw TCP | ") {
		t.Errorf("the page has no long run:\n%s", page)
	}
}
