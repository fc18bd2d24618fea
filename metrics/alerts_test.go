package metrics

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	alertsFile = "../docs/prometheus/alerts.yml"
	testsFile  = "../docs/prometheus/alerts_test.yml"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An alert is what the file says of it.
type alert struct{ name, expr, lasting, severity string }

var alertForm = regexp.MustCompile(`      - alert: (\S+)\n        expr: (.*)\n(?:        for: (\S+)\n)?        labels:\n          severity: (\S+)\n`)

func alerts(t *testing.T) (all []alert) {
	t.Helper()
	text := read(t, alertsFile)
	for _, m := range alertForm.FindAllStringSubmatch(text, -1) {
		a := alert{name: m[1], expr: m[2], severity: m[4]}
		if m[3] != "" {
			a.lasting = " for " + m[3]
		}
		all = append(all, a)
	}
	if n := strings.Count(text, "alert:"); n == 0 || n != len(all) {
		t.Fatalf("%d of %d alerts are written in the form that this test reads", len(all), n)
	}
	return all
}

// Each alert asks for what there is, and has a test in which it is raised.
func TestAlerts(t *testing.T) {
	tests := read(t, testsFile)
	for _, a := range alerts(t) {
		checkExpression(t, a.name, a.expr)
		if !regexp.MustCompile(`alertname: ` + a.name + `\n +eval_time: \S+\n +exp_alerts:`).MatchString(tests) {
			t.Errorf("%s is raised in no test of %s", a.name, testsFile)
		}
	}
}

func TestPromtoolRules(t *testing.T) {
	for _, args := range [][]string{{"check", "rules", "--lint=all", "--lint-fatal", alertsFile}, {"test", "rules", testsFile}} {
		if out, err := promtool(t, "", args...); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

var (
	metricName = regexp.MustCompile(`\boverseer_[a-z_]+\b`)
	selector   = regexp.MustCompile(`\b(overseer_[a-z_]+)\{([^}]*)\}`)
	matcher    = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)\s*"`)
)

// ofTable returns the row of a series' name.
func ofTable(series string) (row, bool) {
	if r, ok := rows[series]; ok {
		return r, r.kind != histogram
	}
	for _, end := range []string{"_bucket", "_count", "_sum"} {
		if r, ok := rows[strings.TrimSuffix(series, end)]; ok && r.kind == histogram {
			return r, true
		}
	}
	return row{}, false
}

// checkExpression checks that an expression asks for metrics and labels that there
// are.
func checkExpression(t *testing.T, where, expr string) {
	t.Helper()
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 {
		t.Errorf("%s: %s asks for no metric", where, expr)
	}
	for _, name := range names {
		if _, ok := ofTable(name); !ok {
			t.Errorf("%s: %s: there is no metric %s", where, expr, name)
		}
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		r, _ := ofTable(m[1])
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(append([]string{"job", "instance"}, r.labels...), l[1]) {
				t.Errorf("%s: %s: %s has no label %s", where, expr, m[1], l[1])
			}
		}
	}
}

func TestCheckExpression(t *testing.T) {
	for _, row := range []struct {
		series string
		want   bool
	}{
		{"overseer_up", true},
		{"overseer_trial_seconds_bucket", true},
		{"overseer_trial_seconds", false}, // a histogram has no series of its name
		{"overseer_up_count", false},
		{"overseer_down", false},
	} {
		if _, ok := ofTable(row.series); ok != row.want {
			t.Errorf("%s: %t; want %t", row.series, ok, row.want)
		}
	}
}
