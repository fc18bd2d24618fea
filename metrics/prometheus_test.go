package metrics

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// program finds a program of Prometheus. Its absence fails where everything has to
// be there, and skips elsewhere.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	const hint = "no %s to test with: install Debian's package prometheus, or unpack it with dpkg -x and have the program in PATH: %v"
	if os.Getenv("CI") == "true" {
		t.Fatalf(hint, name, err)
	}
	t.Skipf(hint, name, err)
	return ""
}

// promtool runs it with an input, and returns what it says.
func promtool(t *testing.T, input string, args ...string) (output string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program(t, "promtool"), args...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestPromtoolCheckMetrics(t *testing.T) {
	m := admintest.New()
	m.SetStatus(service())
	m.SetHistory(admin.Attempt{Result: admin.ResultDone, Ended: began})
	tell(m, 0, day...)
	if out, err := promtool(t, get(t, exporter(t, m)), "check", "metrics"); err != nil || strings.TrimSpace(out) != "" {
		t.Errorf("%v: %s", err, out)
	}
}

// A prom is a Prometheus that scrapes one target each second, and has our rules.
// It dies with the test.
type prom struct {
	t    *testing.T
	base string
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(127\.0\.0\.1:[0-9]+)`)

func startPrometheus(t *testing.T, target string) *prom {
	t.Helper()
	path := program(t, "prometheus")
	rules, err := filepath.Abs("../docs/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n- job_name: overseer\n  static_configs: [{targets: [%q]}]\n", rules, target)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	// Made relative: the interface for people is not there, as only the program
	// is unpacked.
	cmd := exec.CommandContext(t.Context(), path, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address=127.0.0.1:0", "--web.local-assets="+dir, "--web.console.templates="+dir, "--web.console.libraries="+dir)
	cmd.Dir = dir
	diesWithItsParent(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	read := make(chan struct{})
	var log bytes.Buffer
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			log.WriteString(lines.Text() + "\n")
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-read
		cmd.Wait()
		if t.Failed() {
			t.Logf("the log of Prometheus:\n%s", log.String())
		}
	})
	select {
	case a := <-address:
		return &prom{t, "http://" + a}
	case <-read:
		t.Fatal("Prometheus has ended")
	case <-time.After(time.Minute):
		t.Fatal("Prometheus does not listen within a minute")
	}
	return nil
}

// ask has a query of the API answered. An empty answer is of a server that is not
// ready yet.
func (p *prom) ask(path string, query url.Values, into any) (ok bool) {
	p.t.Helper()
	client := http.Client{Timeout: time.Minute}
	res, err := client.Get(p.base + path + "?" + query.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if res.StatusCode == http.StatusServiceUnavailable {
		return false
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		p.t.Fatalf("%s %s: status %d: %v", path, query, res.StatusCode, err)
	}
	if answer.Status != "success" {
		p.t.Fatalf("%s %s: %s", path, query, answer.Error)
	}
	return true
}

// query returns the values of an expression.
func (p *prom) query(expr string) (values []string) {
	p.t.Helper()
	var data struct {
		Result []struct{ Value [2]any }
	}
	p.ask("/api/v1/query", url.Values{"query": {expr}}, &data)
	for _, r := range data.Result {
		values = append(values, fmt.Sprint(r.Value[1]))
	}
	return values
}

// wait polls until an expression has one value, as that comes with a scrape.
func (p *prom) wait(expr, want string) {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		got := p.query(expr)
		if len(got) == 1 && got[0] == want {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s is %v; want %s", expr, got, want)
		}
	}
}

// A real Prometheus scrapes a real exporter, which asks a real socket: the metrics
// arrive, the dashboard's questions are answered, and an alert is raised.
func TestPrometheusScrapes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	m := admintest.New()
	s := service()
	m.SetStatus(s)
	m.SetHistory(admin.Attempt{Result: admin.ResultDone, Ended: began})
	tell(m, 0, day...)
	socket(t, path, m)
	address := strings.TrimSuffix(strings.TrimPrefix(exporter(t, admin.Dial(path)), "http://"), "/metrics")
	p := startPrometheus(t, address)

	p.wait("overseer_up", "1")
	p.wait(`overseer_generation{job="overseer"}`, "5")
	p.wait(`overseer_upgrades_total{result="rolled_back", reason="crash"}`, "1")
	p.wait("sum(overseer_handover_seconds_count)", "3")

	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	p.ask("/api/v1/rules", nil, &rules)
	loaded := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			loaded++
			if r.LastError != "" {
				t.Errorf("%s: %s", r.Name, r.LastError)
			}
		}
	}
	if want := len(alerts(t)); loaded != want {
		t.Errorf("%d rules are loaded; want %d", loaded, want)
	}

	for _, e := range dashboardExpressions(t) {
		if p.query(e); t.Failed() {
			t.Fatalf("of the dashboard: %s", e)
		}
	}

	// A release is rolled back, and then the program crashes in a loop.
	tell(m, 100, admin.Event{Kind: admin.Trial, Generation: 6, Release: "f"}, admin.Event{Kind: admin.RolledBack, Generation: 6, Release: "f", Reason: "probe failed: status 500"})
	m.ChangeStatus(func(s *admin.Status) { s.Crashes, s.Live = 4, 0 })
	p.wait(`overseer_rollbacks_total{reason="probe"}`, "1")
	p.wait(`ALERTS{alertname="OverseerCrashLoop", alertstate="firing"}`, "1")
	p.wait(`ALERTS{alertname="OverseerReleaseRolledBack", alertstate="firing"}`, "1")
	p.wait(`ALERTS{alertname="OverseerNoLiveGeneration", alertstate="pending"}`, "1")
}
