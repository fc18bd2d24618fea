//go:build unix

package overseer_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/loadtest"
)

// A language is a server that others wrote, or that knows systemd's way only.
type language struct {
	name    string
	plan    func(t *testing.T) commandPlan
	release func(t *testing.T, path, version string) // nil: it is not upgraded here
	mode    loadtest.Mode
}

var languages = []language{
	{"gunicorn", gunicornPlan, nil, loadtest.NewConnection},
	{"node", nodePlan, writeNode, loadtest.NewConnection},
	{"node, kept-alive connections", nodePlan, writeNode, loadtest.KeepAlive},
	{"C", cPlan, writeC, loadtest.NewConnection},
	{"python", func(t *testing.T) commandPlan { p, _, _ := server(t, ""); return p },
		func(t *testing.T, path, version string) { writeServer(t, path, version, "") }, loadtest.NewConnection},
}

// TestCommandLosesNoRequest restarts and upgrades servers of other languages
// under load. Connections are kept alive to one only that can be told to end them
// well: see docs/run.md.
func TestCommandLosesNoRequest(t *testing.T) {
	restarts, upgrades := 5, 2
	if testing.Short() {
		restarts, upgrades = 2, 1
	}
	for _, l := range languages {
		t.Run(l.name, func(t *testing.T) {
			p := l.plan(t)
			s := startCommand(t, p)
			s.live(1)
			load := commandLoad(t, s, 8, l.mode)
			for range restarts {
				s.restart()
			}
			if l.release != nil {
				for i := range upgrades {
					l.release(t, p.Fetch, fmt.Sprintf("2.%d", i))
					s.await(i+1, "msg=committed")
				}
				gone := s.count("msg=starting") - 1
				s.await(gone, "msg=gone")
			}
			report := noLoss(t, load)
			// A client that keeps its connection may miss a version.
			if l.release != nil && l.mode == loadtest.NewConnection && len(report.ByVersion) != upgrades+1 {
				t.Errorf("the load saw the versions %v, want %d of them", report.ByVersion, upgrades+1)
			}
			s.Signal(overseer.SIGTERM)
			if code := s.wait(); code != 0 {
				t.Errorf("the master ended with code %d, want 0", code)
			}
			t.Logf("%s", report)
		})
	}
}

// commandLoad leaves some of the machine to the servers.
func commandLoad(t *testing.T, s *service, clients int, mode loadtest.Mode) *loadtest.Load {
	t.Helper()
	load, err := loadtest.Start(t.Context(), loadtest.Config{
		Address: s.bind(), Clients: clients, Mode: mode, Think: 10 * time.Millisecond, RequestTimeout: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { load.Stop() })
	return load
}

func gunicornPlan(t *testing.T) commandPlan {
	gunicorn := needProgram(t, "/usr/bin/gunicorn", "gunicorn")
	dir, err := filepath.Abs("testdata/command")
	if err != nil {
		t.Fatal(err)
	}
	return commandPlan{
		Command: overseer.Command{
			Args: []string{gunicorn, "-w", "2", "app:app"}, Dir: dir, Env: []string{"PYTHONDONTWRITEBYTECODE=1"},
			Ready: overseer.ReadyByNotify, PrivateProbe: true,
		},
		Probe: "/", ReadyTimeout: 20 * time.Second, TerminateTimeout: 20 * time.Second,
	}
}

func nodePlan(t *testing.T) commandPlan {
	node := needProgram(t, "node", "nodejs")
	dir := t.TempDir()
	file := filepath.Join(dir, "server.js")
	writeNode(t, file, "1")
	return commandPlan{
		Command:  overseer.Command{Args: []string{node, file}},
		ExecFile: file, Fetch: filepath.Join(dir, "next"), Probe: "/healthz",
		Probation: 300 * time.Millisecond, ReadyTimeout: 20 * time.Second, TerminateTimeout: 20 * time.Second,
	}
}

func writeNode(t *testing.T, path, version string) { writeFaultyNode(t, path, version, "") }

func writeFaultyNode(t *testing.T, path, version, fault string) {
	t.Helper()
	body, err := os.ReadFile("testdata/command/server.js")
	if err != nil {
		t.Fatal(err)
	}
	writeBinary(t, path+".new", fmt.Appendf(nil, "const VERSION = %q, FAULT = %q;\n%s", version, fault, body))
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func cPlan(t *testing.T) commandPlan {
	dir := t.TempDir()
	file := filepath.Join(dir, "server")
	writeC(t, file, "1")
	return commandPlan{
		Command: overseer.Command{Args: []string{file}, ReadyAfter: 50 * time.Millisecond, Ready: overseer.ReadyByTime},
		Fetch:   filepath.Join(dir, "next"), Probe: "/",
		Probation: 300 * time.Millisecond, ReadyTimeout: 20 * time.Second, TerminateTimeout: 20 * time.Second,
	}
}

func writeC(t *testing.T, path, version string) {
	t.Helper()
	gcc := needProgram(t, "gcc", "gcc")
	out, err := exec.Command(gcc, "-O", "-Wall", "-DVERSION=\""+version+"\"", "-o", path+".new", "testdata/command/server.c").CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
