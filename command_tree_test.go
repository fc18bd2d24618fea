//go:build linux

package overseer_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/loadtest"
)

// serverTree is the server in python as a tree: a starter, and a file beside it
// that it needs.
func serverTree(t *testing.T, version, fault string) map[string]string {
	body, err := os.ReadFile("testdata/command/server.py")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"bin/server":     "#!/bin/sh\nexec " + python(t) + ` "$(dirname "$0")/../lib/server.py" "$@"` + "\n",
		"lib/server.py":  fmt.Sprintf("VERSION, FAULT = open('VERSION').read().strip(), %q\n%s", fault, body),
		"VERSION":        version + "\n",
		"lib/unused.txt": strings.Repeat("a file of version "+version+"\n", 1000),
	}
}

func modeOf(name string) fs.FileMode {
	if strings.HasPrefix(name, "bin/") {
		return 0o755
	}
	return 0o644
}

// layTree writes a tree by hand, as somebody does before the first upgrade.
func layTree(t *testing.T, home string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(home, "releases", "first", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeBinary(t, path, []byte(text))
		if err := os.Chmod(path, modeOf(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("releases/first", filepath.Join(home, "current")); err != nil {
		t.Fatal(err)
	}
}

// publishTree replaces the archive that a service fetches.
func publishTree(t *testing.T, path string, files map[string]string) {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: int64(modeOf(name)), Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", archive.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// TestCommandTree: directory releases of a program of another language are
// rehearsed, tried, committed, rolled back and restarted, under load.
func TestCommandTree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		args     []string
		execFile string
	}{
		{"a program of the tree", []string{"bin/server", "an argument"}, ""},
		{"an interpreter with a file of the tree", []string{python(t), "lib/server.py"}, "lib/server.py"},
		{"an interpreter that finds the tree by itself", []string{python(t), "-c", "exec(open('lib/server.py').read())"}, "lib/server.py"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			home, next := filepath.Join(dir, "app"), filepath.Join(dir, "next.tar")
			layTree(t, home, serverTree(t, "1", ""))
			s := startCommand(t, commandPlan{
				Command: overseer.Command{Home: home, Args: tt.args, Ready: overseer.ReadyByNotify}, ExecFile: tt.execFile,
				Fetch: next, Probe: "/healthz",
				Probation: 300 * time.Millisecond, ReadyTimeout: 20 * time.Second, TerminateTimeout: 20 * time.Second,
			})
			s.bind()
			s.live(1)
			load := startLoad(t, s, loadtest.NewConnection, 2)
			publishTree(t, next, serverTree(t, "2", ""))
			s.await(1, "msg=committed")
			treeAnswers(t, s, "2")
			publishTree(t, next, serverTree(t, "bad", "exits"))
			s.await(1, "failed its preflight and is quarantined", "in its rehearsal it exited with code 3")
			s.restart()
			treeAnswers(t, s, "2")
			publishTree(t, next, serverTree(t, "3", ""))
			s.await(2, "msg=committed")
			treeAnswers(t, s, "3")
			for _, link := range []struct{ name, version string }{{"current", "3\n"}, {"previous", "2\n"}} {
				if got, err := os.ReadFile(filepath.Join(home, link.name, "VERSION")); err != nil || string(got) != link.version {
					t.Errorf("%s is of version %q, %v; want %q", link.name, got, err, link.version)
				}
			}
			client := admin.Dial(adminSocket(t, s, filepath.Join(home, ".overseer")))
			if _, err := client.Rollback(t.Context(), admin.Order{}, admin.ToPrevious); err != nil {
				t.Fatal(err)
			}
			s.await(3, "msg=committed")
			treeAnswers(t, s, "2")
			report := noLoss(t, load)
			if report.ByVersion["bad"] > 0 {
				t.Errorf("the bad release answered %d requests", report.ByVersion["bad"])
			}
			s.stop()
		})
	}
}

// treeAnswers waits until a version alone answers, from its own tree.
func treeAnswers(t *testing.T, s *service, version string) {
	t.Helper()
	eventually(t, "version "+version+" answers", func() bool {
		status, body, err := get("http://" + s.Address() + "/")
		return err == nil && status == http.StatusOK && body == version+"\n"
	})
}

// TestCommandTreeRefused: what cannot run is told with what to do.
func TestCommandTreeRefused(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	layTree(t, home, serverTree(t, "1", ""))
	for _, tt := range []struct {
		name     string
		command  overseer.Command
		execFile string
		want     string
	}{
		{"a directory beside", overseer.Command{Home: home, Args: []string{"bin/server"}, Dir: "/"}, "", "Config.Command.Dir is set, and .Home too"},
		{"an absolute program", overseer.Command{Home: home, Args: []string{"/bin/sh"}}, "", "want a file of its trees"},
		{"a file outside", overseer.Command{Home: home, Args: []string{"sh"}}, "../x", "want a file of its trees"},
		{"a file that is not there", overseer.Command{Home: home, Args: []string{"bin/other"}}, "", "no such file"},
		{"no tree", overseer.Command{Home: t.TempDir(), Args: []string{"bin/server"}}, "", "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := overseer.Config{Command: &tt.command, ExecFile: tt.execFile}.Check()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check = %v, want %q", err, tt.want)
			}
		})
	}
}
