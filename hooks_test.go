//go:build unix

package overseer_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
)

// saysVersion is a program that shows which release it is; a PreUpgrade runs it.
var saysVersion = register("says version", func() { fmt.Print("version " + readPlan().Version) })

// allowed is a file whose presence a hook asks for.
func allowed() string { return filepath.Join(filepath.Dir(os.Getenv("TEST_NEXT")), "allowed") }

var (
	refusesTwo = obeying("refuses version 2", func(c *overseer.Config) {
		c.PreUpgrade = func(path string) error {
			cmd := exec.Command(path)
			cmd.Env = append(os.Environ(), programVariable+"="+saysVersion)
			out, err := cmd.Output()
			fmt.Fprintf(os.Stderr, "PreUpgrade saw %q, %v\n", out, err)
			if string(out) == "version 2" {
				return errors.New("nobody wants version 2")
			}
			return err
		}
	})
	preUpgradePanics = obeying("PreUpgrade panics", func(c *overseer.Config) {
		c.PreUpgrade = func(string) error { panic("on purpose") }
	})
	defers = obeying("defers", func(c *overseer.Config) {
		c.MayRestart = func(u overseer.Upgrade) bool {
			_, err := os.Stat(allowed())
			fmt.Fprintf(os.Stderr, "MayRestart is asked about %s\n", u.Digest)
			return err == nil
		}
	})
	mayRestartPanics = obeying("MayRestart panics", func(c *overseer.Config) {
		c.MayRestart = func(overseer.Upgrade) bool { panic("on purpose") }
	})
	tellsCrashes = register("tells crashes", func() {
		c := webConfig()
		c.Program = serveWeb
		c.OnCrash = func(crash overseer.Crash) {
			fmt.Fprintf(os.Stderr, "OnCrash generation %d code %d signal %d digest %d output %q\n",
				crash.Generation, crash.ExitCode, crash.Signal, len(crash.Digest), crash.Output)
		}
		overseer.Run(c)
	})
	onCrashPanics = obeying("OnCrash panics", func(c *overseer.Config) {
		c.KeepAlive = overseer.OnFailure
		c.OnCrash = func(overseer.Crash) { panic("on purpose") }
	})
)

// PreUpgrade is given a whole file that can be run; what it refuses is not
// installed, and the next different release is.
func TestPreUpgradeSeesTheWholeFileAndMayRefuseIt(t *testing.T) {
	t.Parallel()
	usedPrograms.Store(saysVersion, true) // by its PreUpgrade
	s := startService(t, refusesTwo, installed(plan{Version: "1"}))
	s.live(1)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "level=WARN", "PreUpgrade refused a release", "nobody wants version 2", "asked_again_in=1m0s")
	installedIs(t, s, plan{Version: "1"})
	if n := s.count("msg=starting"); n != 1 {
		t.Errorf("%d generations were started, want 1", n)
	}
	publish(t, s.Next, plan{Version: "3"})
	s.await(1, "msg=committed")
	installedIs(t, s, plan{Version: "3"})
	for _, saw := range []string{`PreUpgrade saw "version 2", <nil>`, `PreUpgrade saw "version 3", <nil>`} {
		if s.count(saw) != 1 {
			t.Errorf("%d lines say %s, want 1", s.count(saw), saw)
		}
	}
	s.stop()
}

// A hook that panics is told of, and the service goes on.
func TestHookThatPanicsIsCaught(t *testing.T) {
	t.Parallel()
	t.Run("PreUpgrade", func(t *testing.T) {
		t.Parallel()
		s := startService(t, preUpgradePanics, installed(plan{Version: "1"}))
		s.live(1)
		publish(t, s.Next, plan{Version: "2"})
		s.await(1, "PreUpgrade refused a release", "PreUpgrade panicked: on purpose")
		s.restart()
		installedIs(t, s, plan{Version: "1"})
		s.stop()
	})
	t.Run("MayRestart", func(t *testing.T) {
		t.Parallel()
		s := startService(t, mayRestartPanics)
		s.live(1)
		publish(t, s.Next, plan{Version: "2"})
		s.await(1, "hook failed", "MayRestart panicked: on purpose")
		if got := ask(t, s, "/"); got != "version 1 generation 1" {
			t.Errorf("%q answers, want version 1 generation 1", got)
		}
		s.Signal(syscall.SIGUSR2)
		s.await(1, "msg=committed")
		s.stop()
	})
	t.Run("OnCrash", func(t *testing.T) {
		t.Parallel()
		s := startService(t, onCrashPanics)
		s.live(1)
		order(s, "/exit?code=3")
		s.await(1, "hook failed", "OnCrash panicked: on purpose")
		s.live(2)
		if got := ask(t, s, "/"); got != "version 1 generation 2" {
			t.Errorf("%q answers, want generation 2", got)
		}
		s.stop()
	})
}

// MayRestart puts the trial of a release off until it says yes; a restart asked
// by hand does not ask it.
func TestMayRestartPutsATrialOff(t *testing.T) {
	t.Parallel()
	t.Run("until it says yes", func(t *testing.T) {
		t.Parallel()
		s := startService(t, defers)
		s.live(1)
		publish(t, s.Next, plan{Version: "2"})
		s.await(2, "msg=deferred")
		staged := status(t, s).StagedUpgrade
		if staged == "" || s.count("MayRestart is asked about "+staged) < 2 {
			t.Errorf("status says that %q is staged, want what MayRestart was asked about", staged)
		}
		if n := s.count("msg=starting"); n != 1 {
			t.Errorf("%d generations were started, want 1", n)
		}
		if err := os.WriteFile(filepath.Join(s.Dir, "allowed"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		s.await(1, "msg=committed")
		installedIs(t, s, plan{Version: "2"})
		s.stop()
	})
	t.Run("unless a restart is asked by hand", func(t *testing.T) {
		t.Parallel()
		s := startService(t, defers)
		s.live(1)
		publish(t, s.Next, plan{Version: "2"})
		s.await(1, "msg=deferred")
		s.Signal(syscall.SIGUSR2)
		s.await(1, "msg=committed")
		installedIs(t, s, plan{Version: "2"})
		s.stop()
	})
}

func TestOnCrashIsToldWhyAndWhere(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		fault plan
		want  []string
	}{
		{"exit at start", plan{Version: "2", Fault: "exit at start", ExitCode: 4},
			[]string{"generation 2 code 4 signal 0 digest 64", "last words of version 2"}},
		{"panic at start", plan{Version: "2", Fault: "panic at start"},
			[]string{"generation 2 code 2 signal 0 digest 64", "panic: version 2 cannot start", "goroutine 1"}},
		{"panic on trial", plan{Version: "2", Fault: "crash"},
			[]string{"generation 2 code 2 signal 0 digest 64", "panic: version 2 crashed"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, tellsCrashes, env("TEST_PROBATION", "20s"))
			s.live(1)
			publish(t, s.Next, row.fault)
			s.await(1, append([]string{"OnCrash"}, row.want...)...)
			s.restart()
			s.stop()
			if n := s.count("OnCrash generation"); n != 1 {
				t.Errorf("OnCrash was told %d times, want once: no restart and no stop is a crash", n)
			}
		})
	}
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		s := startService(t, tellsCrashes)
		s.live(1)
		if err := syscall.Kill(s.pidOf(1), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.wait()
		eventually(t, "OnCrash is told", func() bool { return s.count("OnCrash generation 1 code 0 signal 9 digest 64") == 1 })
	})
}

// A master of the older library runs a new binary with a token, which it must
// find at the end of the output.
func TestBinaryAnswersTheOldSanityCheck(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		plan plan
		want func(output string) bool
	}{
		"nothing else":   {plan{Version: "2"}, func(o string) bool { return o == "token" }},
		"prints in init": {plan{Version: "2", Fault: "prints in init"}, func(o string) bool { return strings.HasSuffix(o, "\ntoken") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "app")
			writeRelease(t, path, row.plan)
			cmd := exec.Command(path)
			cmd.Env = append(os.Environ(), programVariable+"="+web, "OVERSEER_BIN_CHECK=token", "GORACE=atexit_sleep_ms=0")
			if out, err := cmd.Output(); err != nil || !row.want(string(out)) {
				t.Errorf("the output is %q, %v", out, err)
			}
		})
	}
}

// The other way round is refused with a reason: a binary of the older library
// cannot be handed anything.
func TestReleaseOfTheOldLibraryIsRefused(t *testing.T) {
	t.Parallel()
	s := startService(t, restartsByOrder, installed(plan{Version: "1"}))
	s.live(1)
	publish(t, s.Next, plan{Version: "2", Fault: "knows the old check only"})
	s.await(1, "failed its preflight", "older overseer library")
	installedIs(t, s, plan{Version: "1"})
	talks := plan{Version: "3", Fault: "prints in init"}
	publish(t, s.Next, talks)
	s.await(1, "msg=committed")
	installedIs(t, s, talks)
	s.stop()
}
