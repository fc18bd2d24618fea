//go:build linux

package overseer_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
	"golang.org/x/sys/unix"
)

// filed is the web service with a PID file, by a path that is relative to the
// service's directory.
var filed = register("filed", func() {
	if err := os.Chdir(filepath.Dir(os.Getenv("TEST_NEXT"))); err != nil {
		panic(err)
	}
	c := webConfig()
	c.Required = os.Getenv("TEST_OPTIONAL") == ""
	c.PIDFile = "app.pid"
	c.Program = func(s overseer.State) {
		os.Chdir("/") // the file stays where it is
		serveWeb(s)
	}
	overseer.Run(c)
})

// TestPIDFile follows the file through a restart, an upgrade, a second master and
// one that is killed.
func TestPIDFile(t *testing.T) {
	t.Parallel()
	s := startService(t, filed)
	s.live(1)
	path := filepath.Join(s.Dir, "app.pid")
	holds := func(s *service) {
		t.Helper()
		text, err := os.ReadFile(path)
		if want := strconv.Itoa(s.PID) + "\n"; err != nil || string(text) != want {
			t.Errorf("the PID file holds %q (%v), want %q", text, err, want)
		}
	}
	holds(s)
	s.restart()
	s.upgrades()
	holds(s)

	second := startService(t, filed, inDir(s.Dir))
	if code := second.wait(); code != 1 {
		t.Errorf("the second master ends with code %d, want 1", code)
	}
	says := fmt.Sprintf("another process has it: process %d: stop it first", s.PID)
	eventually(t, "an error with "+says, func() bool { return second.count("Config.PIDFile", says) == 1 })
	holds(s)

	s.Signal(syscall.SIGKILL)
	s.wait()
	holds(s) // what a killed one has left
	third := startService(t, filed, inDir(s.Dir))
	third.live(1)
	holds(third)
	third.stop()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the PID file is left behind (%v)", err)
	}
}

// TestPIDFileCannotBeWritten has the program run without its master, as Run says,
// on the address that the master has let go.
func TestPIDFileCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := startService(t, filed, env("TEST_OPTIONAL", "yes"), func(s *service) {
		if err := os.WriteFile(filepath.Join(s.Dir, "app.pid"), []byte("no number"), 0o644); err != nil {
			t.Fatal(err)
		}
	})
	s.await(1, "overseer is disabled", `holds no process ID but`)
	if got := request(t, "tcp", s.Address()); got != "version 1\n" {
		t.Errorf("answer %q, want version 1", got)
	}
}

// TestStartStopDaemon has the tool of init scripts start, signal and stop a
// service by its PID file.
func TestStartStopDaemon(t *testing.T) {
	t.Parallel()
	const tool = "start-stop-daemon"
	var path string
	s := startService(t, filed, func(s *service) {
		path = filepath.Join(s.Dir, "app.pid")
		via(tool, "--start", "--background", "--no-close", "--pidfile", path, "--startas")(s)
	})
	if code := s.wait(); code != 0 {
		t.Fatalf("%s ended with code %d", tool, code)
	}
	eventually(t, "a PID file", func() bool {
		text, err := os.ReadFile(path)
		if err == nil {
			s.PID, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return err == nil
	})
	t.Cleanup(func() {
		if !t.Failed() { // it has gone, and its number may be another's
			return
		}
		if sid, err := unix.Getsid(s.PID); err == nil { // that of the tool
			for _, pid := range session(sid) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	s.left()
	s.live(1)
	run := func(want int, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), tool, append(args, "--pidfile", path)...)
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Fatalf("%q: code %d, want %d: %v: %s", cmd.Args, code, want, err, out)
		}
	}
	run(0, "--status")
	run(0, "--stop", "--signal", "USR2")
	s.await(1, "msg=gone")
	s.upgrades()
	run(0, "--status")
	run(0, "--stop", "--retry", "TERM/60/KILL/5")
	s.wait()
	const notRunning = 3
	run(notRunning, "--status")
}
