package metrics

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

var began = time.Unix(1_800_000_000, 0)

// service is a status with all that there can be: an upgrade on trial, the one
// before standing by, and three that drain.
func service() admin.Status {
	at := func(d time.Duration) *time.Time { t := began.Add(d); return &t }
	s := admin.Status{
		Name: "app", Binary: "/srv/app/app", PID: 10, Started: began,
		Condition: admin.OnTrial, Live: 5, Starts: 5, Crashes: 1,
		Usage:     admin.Usage{RSS: 9 << 20, CPU: 1.5},
		Operation: &admin.Operation{Kind: "upgrade", Stage: "trial", Generation: 5, Until: at(time.Minute)},
		Waiting:   &admin.Candidate{Why: "a trial"},
		Source:    &admin.Source{Name: "manifest", Looked: at(time.Second)},
		Hold:      &admin.Hold{Since: began, Actor: "ann"},
	}
	for n, p := range []admin.Phase{admin.PhaseDraining, admin.PhaseDraining, admin.PhaseDraining, admin.PhaseStandby, admin.PhaseLive} {
		s.Generations = append(s.Generations, admin.Generation{
			Number: n + 1, Phase: p, Started: began.Add(time.Duration(n) * time.Second),
			Release:     admin.Release{Digest: strings.Repeat(fmt.Sprint(n), 64), Version: fmt.Sprintf("1.0.%d", n)},
			Connections: &admin.Connections{Open: n, Accepted: 100},
			Usage:       admin.Usage{RSS: 20 << 20, CPU: 3},
		})
	}
	return s
}

// scrape returns what a scrape shows, as a page of text.
func scrape(t testing.TB, c prometheus.Collector) string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(c); err != nil {
		t.Fatal(err)
	}
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, family := range all {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := family.GetName()
			if len(labels) > 0 {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			switch {
			case m.GetHistogram() != nil:
				fmt.Fprintf(&text, "%s_count %d\n%s_sum %g\n", name, m.GetHistogram().GetSampleCount(), name, m.GetHistogram().GetSampleSum())
			default:
				fmt.Fprintf(&text, "%s %g\n", name, m.GetGauge().GetValue()+m.GetCounter().GetValue())
			}
		}
	}
	return text.String()
}

// has checks lines of a page, and that others do not begin so.
func has(t *testing.T, page string, lines ...string) {
	t.Helper()
	for _, want := range lines {
		want, not := strings.CutPrefix(want, "!")
		if found := strings.Contains("\n"+page, "\n"+want); found == not {
			t.Errorf("found is %t for %q in\n%s", found, want, page)
		}
	}
}

func TestStatus(t *testing.T) {
	m := admintest.New()
	m.SetStatus(service())
	m.SetQuarantine(admin.Entry{Digest: "1"}, admin.Entry{Digest: "2", Until: &began}, admin.Entry{Digest: "3"})
	m.SetHistory(admin.Attempt{Result: admin.ResultBack, Ended: began.Add(9 * time.Second)}, admin.Attempt{Result: admin.ResultDone, Ended: began.Add(5 * time.Second)})
	c := New(m)
	has(t, scrape(t, c),
		"overseer_up 1\n",
		`overseer_build_info{goversion="go`,
		`overseer_service_info{binary="/srv/app/app",name="app"} 1`,
		`overseer_condition{condition="on trial"} 1`, `overseer_condition{condition="down"} 0`,
		"overseer_generation 5\n",
		`overseer_generation_info{generation="4",phase="standby",release="333333333333",version="1.0.3"} 1`,
		`overseer_generation_start_time_seconds{generation="2"} 1.800000001e+09`,
		`overseer_generations{phase="draining"} 3`, `overseer_generations{phase="starting"} 0`,
		`overseer_connections{generation="5",state="live"} 4`, `overseer_connections{generation="3",state="draining"} 2`,
		"overseer_connections_accepted_total 500\n",
		`overseer_process_resident_memory_bytes{generation="1"} 2.097152e+07`,
		`overseer_process_cpu_seconds_total{generation="1"} 3`,
		"overseer_starts_total 5\n", "overseer_crashes_in_row 1\n",
		`overseer_upgrade_stage{stage="trial"} 1`, `overseer_upgrade_stage{stage="commit"} 0`,
		"overseer_upgrade_deadline_timestamp_seconds 1.80000006e+09\n",
		"overseer_last_upgrade_timestamp_seconds 1.800000005e+09\n",
		"overseer_release_waiting 1\n", "overseer_held 1\n", "overseer_held_since_timestamp_seconds 1.8e+09\n",
		"overseer_fetch_failing 0\n", "overseer_fetch_last_success_timestamp_seconds 1.800000001e+09\n",
		"overseer_master_start_time_seconds 1.8e+09\n", "overseer_master_resident_memory_bytes 9.437184e+06\n", "overseer_master_cpu_seconds_total 1.5\n",
	)

	// What is not known, or is not there, is not shown as zero.
	m.ChangeStatus(func(s *admin.Status) {
		s.Operation.Kind, s.Source, s.Hold, s.Generations[0].Connections, s.Usage.RSS = "restart", nil, nil, nil, 0
	})
	has(t, scrape(t, c), `overseer_upgrade_stage{stage="trial"} 0`, "!overseer_upgrade_deadline", "!overseer_fetch_failing",
		"overseer_held 0", "!overseer_held_since", `!overseer_connections{generation="1"`, "!overseer_master_resident",
		"overseer_connections_accepted_total 500\n")
}

// Quarantine counts what has not expired, by the master's clock.
func TestQuarantine(t *testing.T) {
	m := admintest.New()
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	m.SetQuarantine(admin.Entry{Digest: "1"}, admin.Entry{Digest: "2", Until: &past}, admin.Entry{Digest: "3", Until: &future})
	c := New(m)
	has(t, scrape(t, c), "overseer_quarantined_releases 2\n")

	// The event may be told before the disk has it.
	m.Emit(admin.Event{Kind: admin.Forgotten})
	has(t, scrape(t, c), "overseer_quarantined_releases 2\n")
	m.SetQuarantine()
	has(t, scrape(t, c), "overseer_quarantined_releases 0\n")
}

// The names and help texts are as Prometheus wants them, and each metric of the
// table can be seen.
func TestLint(t *testing.T) {
	m := admintest.New()
	m.SetStatus(service())
	m.SetHistory(admin.Attempt{Result: admin.ResultDone, Ended: began})
	c := New(m)
	problems, err := testutil.CollectAndLint(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	page := scrape(t, c)
	for _, r := range table {
		if !strings.Contains("\n"+page, "\n"+r.name) {
			t.Errorf("%s is in the table and in no scrape", r.name)
		}
	}
}

// A master that is dead, or does not answer, is a metric and no error, within the
// bound; what was counted is kept.
func TestDeadMaster(t *testing.T) {
	m := admintest.New()
	h := Handler(m, Timeout(50*time.Millisecond))
	get := func() string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		body, _ := io.ReadAll(w.Result().Body)
		if w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, body)
		}
		return string(body)
	}
	m.Fail(errors.New("connection refused"))
	has(t, get(), "overseer_up 0\n", "!overseer_generation ", "!overseer_events_total")
	m.Fail(nil)
	m.Emit(admin.Event{Kind: admin.Exited})
	has(t, get(), "overseer_up 1\n", "overseer_generation 1\n", "overseer_crashes_total 1\n")
	m.Hang(true)
	start := time.Now()
	has(t, get(), "overseer_up 0\n", "!overseer_generation ", "overseer_crashes_total 1\n")
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %s", d)
	}
	m.Hang(false)
	has(t, get(), "overseer_up 1\n")
}

// A label of any bytes is valid text of bounded length.
func TestLabels(t *testing.T) {
	m := admintest.New()
	s := service()
	s.Generations[4].Release.Version = "1\xff" + strings.Repeat("ü", 200)
	s.Generations = append(s.Generations, s.Generations[4]) // the same number twice
	m.SetStatus(s)
	has(t, scrape(t, New(m)), "overseer_up 1\n")
	if got := label(strings.Repeat("ü", 200) + "x"); len(got) != maxLabel {
		t.Errorf("%d bytes", len(got))
	}
	if got := label("x" + strings.Repeat("ü", 200)); len(got) != maxLabel-1 {
		t.Errorf("%d bytes", len(got))
	}
}
