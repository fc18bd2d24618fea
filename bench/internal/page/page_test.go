package page

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

func TestVerdicts(t *testing.T) {
	handover := func(requests, handovers, failed int) result.Report {
		return result.Report{Handovers: []result.Handover{{
			Contestant: ours, Mode: "lines", Requests: requests, Handovers: handovers, Failures: map[string]int{"refused": failed},
		}}}
	}
	window := func(before, after time.Duration, requests int) result.Report {
		q := func(d time.Duration) result.Quantiles { return result.Quantiles{Requests: requests, P999: d} }
		return result.Report{Handovers: []result.Handover{{Contestant: ours, Steady: q(before), Window: q(after)}}}
	}
	pair := func(low, mid, high float64) result.Report {
		return result.Report{Pairs: []result.Pair{{Name: "speed", Rounds: 3, Ratio: result.Spread{Mid: mid, Low: low, High: high}}}}
	}
	start := func(plain, ours float64) result.Report {
		return result.Report{Starts: []result.Start{{Plain: result.Spread{Mid: plain}, Ours: result.Spread{Mid: ours}}}}
	}
	for _, test := range []struct {
		name   string
		judges func(result.Report) []goal
		report result.Report
		want   string
	}{
		{"nothing failed of enough", noFailures, handover(1e6, 1000, 0), met},
		{"one failed of enough", noFailures, handover(1e6, 1000, 1), missed},
		{"one failed of few", noFailures, handover(100, 10, 1), missed},
		{"too few requests", noFailures, handover(999_999, 1000, 0), unclear},
		{"too few, and enough in the long run", noFailures, withLong(handover(10, 1, 0), handover(1e6, 1000, 0)), met},
		{"none, and one in the long run", noFailures, withLong(handover(10, 1, 0), handover(1e6, 1000, 1)), missed},
		{"too few handovers", noFailures, handover(1e6, 999, 0), unclear},
		{"calm", calm, window(time.Second, 1500*time.Millisecond, 1000), met},
		{"not calm", calm, window(time.Second, 1501*time.Millisecond, 1000), missed},
		{"calm, of few", calm, window(time.Second, time.Second, 999), unclear},
		{"fast", speed, pair(0.9, 0.98, 1.1), met},
		{"slow", speed, pair(0.9, 0.979, 1.1), missed},
		{"noise", speed, pair(0.5, 0.98, 1.1), noisy},
		{"slow, all of it", speed, pair(0.2, 0.5, 0.9), missed},
		{"starts soon", startUp, start(0.1, 0.1149), met},
		{"starts late", startUp, start(0.1, 0.1151), missed},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.judges(test.report); len(got) != 1 || got[0].verdict != test.want {
				t.Errorf("got %+v, want %s", got, test.want)
			}
		})
	}
}

// withLong is a report whose long run was that of another one.
func withLong(r, other result.Report) result.Report {
	r.Long = []result.LongRun{{Handover: other.Handovers[0]}}
	return r
}

// TestNothingMeasured writes the page of a run in which nothing could be
// measured.
func TestNothingMeasured(t *testing.T) {
	dir := t.TempDir()
	r := result.Report{
		Contestants: []result.Contestant{{Name: "a <b>", Skipped: "it is not installed"}, {Name: ours}},
		Handovers:   []result.Handover{{Contestant: ours, Mode: "a <mode>"}},
		Starts:      []result.Start{{}},
		Growth:      []result.Growth{{Of: "listeners"}},
	}
	if err := Write(dir, r); err != nil {
		t.Fatal(err)
	}
	plots, err := filepath.Glob(filepath.Join(dir, "benchmarks", "*.svg"))
	if err != nil || len(plots) != 5 {
		t.Fatalf("plots: %q, %v, want 5", plots, err)
	}
	for _, path := range append(plots, filepath.Join(dir, "benchmarks.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"NaN", "Inf", "%!"} {
			if strings.Contains(string(text), bad) {
				t.Errorf("%s has %s:\n%s", filepath.Base(path), bad, text)
			}
		}
		if filepath.Ext(path) != ".svg" {
			continue
		}
		for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Errorf("%s: %v", filepath.Base(path), err)
				break
			}
		}
	}
}
