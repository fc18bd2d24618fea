package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A dashboard is what this test knows of Grafana's form.
type dashboard struct {
	Title, UID    string
	SchemaVersion int
	Panels        []dashboardPanel
	Annotations   struct{ List []struct{ Name, Expr string } }
	Templating    struct {
		List []struct{ Name, Type, Definition string }
	}
}

type dashboardPanel struct {
	ID          int
	Type, Title string
	GridPos     struct{ H, W, X, Y int }
	Datasource  struct{ Type, UID string }
	Targets     []struct {
		RefID, Expr string
		Datasource  struct{ Type, UID string }
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, "../docs/grafana/overseer.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// expressions returns all of a dashboard, with something for its variables.
func (d dashboard) expressions() (all []string) {
	fill := strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "5m")
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all = append(all, fill.Replace(target.Expr))
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, fill.Replace(a.Expr))
	}
	return all
}

func dashboardExpressions(t *testing.T) []string { return readDashboard(t).expressions() }

// The dashboard is of Grafana's form: panels have their own numbers and places,
// and take their data from the variable.
func TestDashboard(t *testing.T) {
	d := readDashboard(t)
	if d.Title == "" || d.UID == "" || d.SchemaVersion < 36 {
		t.Errorf("title %q, uid %q, schemaVersion %d", d.Title, d.UID, d.SchemaVersion)
	}
	types := map[string]bool{"row": true, "stat": true, "timeseries": true, "state-timeline": true, "table": true}
	ids, places := map[int]string{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if other, ok := ids[p.ID]; ok || p.ID == 0 {
			t.Errorf("%q has the number %d, as %q", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
		if !types[p.Type] {
			t.Errorf("%q is a %q", p.Title, p.Type)
		}
		g := p.GridPos
		if g.H < 1 || g.W < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("%q is at %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other, ok := places[[2]int{x, y}]; ok {
					t.Fatalf("%q lies over %q", p.Title, other)
				}
				places[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%q takes its data from %q by %d expressions", p.Title, p.Datasource.UID, len(p.Targets))
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if refs[target.RefID] || target.RefID == "" || target.Datasource.UID != "${datasource}" {
				t.Errorf("%q: expression %q is of %q", p.Title, target.RefID, target.Datasource.UID)
			}
			refs[target.RefID] = true
			checkExpression(t, p.Title, target.Expr)
			if !strings.Contains(target.Expr, `job=~"$job", instance=~"$instance"`) {
				t.Errorf("%q: %s is not for the services that were chosen", p.Title, target.Expr)
			}
		}
	}
	for _, a := range d.Annotations.List {
		checkExpression(t, a.Name, a.Expr)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
		if v.Type == "query" {
			checkExpression(t, v.Name, v.Definition)
		}
	}
	if got := fmt.Sprint(variables); got != "[datasource job instance]" {
		t.Errorf("variables %s", got)
	}
}

// What the table has is on the dashboard or in an alert, but for a few that others
// are told by.
func TestAllIsUsed(t *testing.T) {
	text := read(t, "../docs/grafana/overseer.json") + read(t, alertsFile)
	for _, r := range table {
		switch r.name {
		case "overseer_build_info", "overseer_service_info", "overseer_generation_start_time_seconds",
			"overseer_release_waiting", "overseer_events_missed_total":
			continue
		}
		if !strings.Contains(text, r.name) {
			t.Errorf("%s is on no panel and in no alert", r.name)
		}
	}
}

// All of its expressions can be read by Prometheus.
func TestPromtoolReadsDashboard(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for i, e := range dashboardExpressions(t) {
		quoted, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&rules, "  - {record: 'test:%d', expr: %s}\n", i, quoted)
	}
	file := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := promtool(t, "", "check", "rules", file); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
