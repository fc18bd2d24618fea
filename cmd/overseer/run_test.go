//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/runfile"
)

func TestRunHelpPage(t *testing.T) {
	var page bytes.Buffer
	runHelp(&page)
	golden(t, "help/run.txt", page.String())
	for line := range strings.Lines(page.String()) {
		if len([]rune(line)) > 125 {
			t.Errorf("the page has a line of %d characters: %s", len([]rune(line)), line)
		}
	}
}

// Each setting has a flag, and each flag a setting; docs/run.md has them all.
func TestRunFlags(t *testing.T) {
	guide, err := os.ReadFile("../../docs/run.md")
	if err != nil {
		t.Fatal(err)
	}
	l := newRunLine()
	for _, key := range runfile.Keys() {
		if l.flags.Lookup(key) == nil && key != "program" {
			t.Errorf("there is no flag for the setting %q", key)
		}
		if !strings.Contains(string(guide), "| `"+key+"` |") {
			t.Errorf("docs/run.md has no line for %q", key)
		}
	}
	for _, f := range runFlags {
		if err := new(runfile.Settings).Set(f.name, "", true); err != nil && strings.Contains(err.Error(), "there is no setting") {
			t.Error(err)
		}
	}
}

func TestRunCommandLine(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := file("whole.toml", "program = [\"sh\", \"-c\", \"exit 3\"]\nenv = [\"WORD=file\"]\n")
	for _, row := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"help", []string{"--help"}, 0, "--terminate-timeout TIME"},
		{"no program", nil, exitUsage, "program: none is given"},
		{"unknown flag", []string{"--nonsense"}, exitUsage, "overseer run --help has all flags"},
		{"bad value", []string{"--drain-by", "SIGFOO", "sh"}, exitUsage, "-drain-by: signal \"SIGFOO\""},
		{"bad sense", []string{"--ready", "probe", "sh"}, exitUsage, "--ready is probe, and probe is not set"},
		{"bad file", []string{"-f", file("bad.toml", "program = [\"sh\"]\n\nlisten = [\"nowhere\"]\n")}, exitUsage, "bad.toml:3: key \"listen\": "},
		{"bad key of a file", []string{"-f", file("key.toml", "\nnonsense = 1\n")}, exitUsage, "key.toml:2: there is no key \"nonsense\""},
		{"the line is wrong, not the file", []string{"-f", whole, "--listen", "nowhere"}, exitUsage, "overseer run: --listen: "},
		{"check", []string{"-f", whole, "--check-config"}, 0, `it can run ["sh" "-c" "exit 3"]`},
		{"exit code", []string{"-f", whole}, 3, ""},
		{"the line overrides the file", []string{"-f", whole, "--env", "WORD=line", "--", "sh", "-c", "echo word $WORD; exit 4"}, 4, "word line"},
		{"cannot execute", []string{"--", file("plain", "plain")}, exitUsage, "permission denied"},
		{"without dashes", []string{"--ready=10ms", "sh", "-c", "exit 5"}, 5, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _ := child(t, append([]string{"run"}, row.args...)...)
			out, _ := c.CombinedOutput() // the code says it
			if code := c.ProcessState.ExitCode(); code != row.code || !strings.Contains(string(out), row.want) {
				t.Errorf("overseer run %q: code %d, want %d; want %q in\n%s", row.args, code, row.code, row.want, out)
			}
		})
	}
}

// cVersion compiles the server of the root's tests.
func cVersion(t *testing.T, path, version string) {
	t.Helper()
	need(t, "gcc", "gcc")
	compile(t, "gcc", "-O", "-DVERSION=\""+version+"\"", "-o", path, "../../testdata/command/server.c")
}

// A program in C is upgraded by a signed release, as the README has it, from a
// file of settings.
func TestRunUpgrades(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the test's program is made for Linux")
	}
	b := newBench(t)
	app := filepath.Join(b.dir, "app")
	cVersion(t, app, "1.0.0")
	cVersion(t, filepath.Join(b.dir, "next"), "1.1.0")
	platform := runtime.GOOS + "/" + runtime.GOARCH
	b.release(0, "add DIR --version 1.1.0 "+platform+"=next")
	b.release(0, "publish DIR --key release.key")
	settings := fmt.Sprintf(`
program = [%q]
listen = ["http=127.0.0.1:0"]
ready = "100ms"
probe = "/"
fetch = "file://%s/stable.json"
fetch-interval = "50ms"
key = [%q]
product = "app"
probation = "100ms"
debug = true
`, app, filepath.Join(b.dir, "DIR"), filepath.Join(b.dir, "release.pub"))
	if err := os.WriteFile(filepath.Join(b.dir, "app.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	log := startRun(t, "-f", filepath.Join(b.dir, "app.toml"))
	log.await("msg=committed")
	log.await("msg=gone", "generation=1 ")
	if got := get(t, log.address()); got != "1.1.0" {
		t.Errorf("after the upgrade version %q answers, want 1.1.0", got)
	}
	installed, err := os.ReadFile(app)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(b.dir, "next"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(installed, want) {
		t.Error("what is installed is not the release")
	}
	if code := log.stop(); code != 0 {
		t.Errorf("it ended with code %d, want 0", code)
	}
}
