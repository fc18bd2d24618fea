package metrics

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/fetcher"
)

// The name of a variable that makes the test binary a service.
const asService = "OVERSEER_METRICS_TEST_NEXT"

func TestMain(m *testing.M) {
	if next := os.Getenv(asService); next != "" {
		serveUnderMaster(next)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveUnderMaster is a service that ends by itself when it is asked for /crash,
// and takes its releases from a file. What comes behind the end of its own file is
// how long its successors are on trial.
func serveUnderMaster(next string) {
	overseer.Run(overseer.Config{
		Address:          "127.0.0.1:0",
		Fetcher:          &fetcher.File{Path: next, Interval: 50 * time.Millisecond, Settle: 50 * time.Millisecond},
		MinFetchInterval: 50 * time.Millisecond,
		Probation:        probation(),
		Program: func(s overseer.State) {
			http.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
			s.Serve(&http.Server{})
		},
	})
}

const tail = 16 // bytes behind the end

func probation() time.Duration {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	defer f.Close()
	text := make([]byte, tail)
	if _, err := f.Seek(-tail, io.SeekEnd); err != nil {
		panic(err)
	}
	if _, err := io.ReadFull(f, text); err != nil {
		panic(err)
	}
	d, err := time.ParseDuration(strings.TrimSpace(string(text)))
	if err != nil {
		panic(err)
	}
	return d
}

// release writes a release, complete at once, whose successors are on trial for
// that long.
func release(t *testing.T, path string, d time.Duration) {
	t.Helper()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	whole := append(self, fmt.Sprintf("%*s", tail, d)...)
	if err := os.WriteFile(path+".new", whole, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// A real master is scraped over its own socket, while it restarts, installs a
// release, is replaced by it, and rolls back one that crashes.
func TestRealMaster(t *testing.T) {
	dir, err := os.MkdirTemp("", "m") // a short path: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	binary, next := filepath.Join(dir, "app"), filepath.Join(dir, "next")
	release(t, binary, 100*time.Millisecond)
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), asService+"="+next, "GORACE=atexit_sleep_ms=0")
	var log strings.Builder
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // and workers end with their master
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("log of the service:\n%s", log.String())
		}
	})
	page := "" // the last one
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the last page:\n%s", page)
		}
	})

	client := admin.Dial(filepath.Join(dir, ".app.overseer", "admin.sock"))
	url := exporter(t, client)
	shows := func(lines ...string) {
		t.Helper()
		until(t, func() bool {
			page = get(t, url)
			for _, l := range lines {
				if !strings.Contains(page, "\n"+l+"\n") {
					return false
				}
			}
			return true
		})
	}
	shows("overseer_up 1", "overseer_generation 1", `overseer_condition{condition="serving"} 1`, `overseer_connections{generation="1",state="live"} 0`)
	began := lineOf(page, "overseer_master_start_time_seconds")

	if _, err := client.Restart(t.Context(), admin.Order{Reason: "a test"}); err != nil {
		t.Fatal(err)
	}
	shows("overseer_generation 2", `overseer_restarts_total{result="done"} 1`, "overseer_handover_seconds_count 1")

	release(t, next, time.Hour)
	shows(`overseer_upgrades_total{reason="none",result="done"} 1`, "overseer_generation 3", "overseer_trial_seconds_count 1",
		`overseer_events_total{kind="succeeded"} 1`, "overseer_starts_total 3")
	if now := lineOf(page, "overseer_master_start_time_seconds"); now != began {
		t.Errorf("a master that was replaced in place has begun at %q, and not at %q", now, began)
	}
	if lineOf(page, "overseer_last_upgrade_timestamp_seconds") == "" || lineOf(page, "overseer_fetch_last_success_timestamp_seconds") == "" {
		t.Errorf("no time of the last upgrade, or of the last look:\n%s", page)
	}

	release(t, next, 2*time.Hour) // other bytes
	shows(`overseer_upgrade_stage{stage="trial"} 1`, "overseer_generation 4", `overseer_generations{phase="standby"} 1`)
	s, err := client.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	web := http.Client{Timeout: time.Minute}
	if res, err := web.Get("http://" + s.Addresses[0] + "/crash"); err == nil {
		res.Body.Close()
		t.Errorf("the crash was answered: %s", res.Status)
	}
	shows(`overseer_rollbacks_total{reason="crash"} 1`, `overseer_upgrades_total{reason="crash",result="rolled_back"} 1`,
		"overseer_crashes_total 1", "overseer_quarantined_releases 1", "overseer_generation 3", `overseer_upgrade_stage{stage="trial"} 0`)
	has(t, page, "overseer_events_missed_total 0\n", "overseer_handover_seconds_count 3\n", "overseer_trial_seconds_count 2\n")

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ended
	shows("overseer_up 0", "overseer_crashes_total 1")
}

// lineOf returns the value of a metric without labels.
func lineOf(page, name string) string {
	_, rest, _ := strings.Cut("\n"+page, "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}
