//go:build unix

package overseer_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
)

var (
	neverRestarts   = obeying("never restarts", func(c *overseer.Config) { c.NoRestart = true })
	restartsByHand  = obeying("restarts by hand", func(c *overseer.Config) { c.NoRestartAfterFetch = true })
	restartsByOrder = obeying("restarts by order", func(*overseer.Config) {})
)

// installedIs fails the test unless the installed binary is the one of a plan.
func installedIs(t *testing.T, s *service, p plan) {
	t.Helper()
	fileIs(t, s.Binary, p)
}

func fileIs(t *testing.T, path string, p plan) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, releaseBytes(t, p)) {
		t.Errorf("%q is not the binary of version %s", filepath.Base(path), p.Version)
	}
}

// With NoRestart the restart signal is a graceful stop: what is in flight is
// served.
func TestNoRestartMakesTheRestartSignalAGracefulStop(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]func(*service){
		"signal":             func(s *service) { s.Signal(syscall.SIGUSR2) },
		"the program itself": func(s *service) { order(s, "/restart") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, neverRestarts)
			s.live(1)
			held := holdRequest(t, s)
			asked(s)
			s.await(1, "msg=stopping")
			if got := held.finish(); got != "version 1 generation 1" {
				t.Errorf("the held request was answered by %q", got)
			}
			if code := s.wait(); code != 0 {
				t.Errorf("the master ended with code %d, want 0", code)
			}
			if n := s.count("msg=starting"); n != 1 {
				t.Errorf("%d generations were started, want 1", n)
			}
		})
	}
}

// With NoRestart a release is installed after its preflight, with no trial; what
// runs goes on running, and the next start runs the new one.
func TestNoRestartInstallsForTheNextStart(t *testing.T) {
	t.Parallel()
	one, two := plan{Version: "1"}, plan{Version: "2"}
	s := startService(t, neverRestarts, installed(one))
	s.live(1)
	publish(t, s.Next, two)
	s.await(1, "msg=committed")
	installedIs(t, s, two)
	fileIs(t, filepath.Join(s.Dir, ".app.overseer", "app.previous"), one)
	if got := ask(t, s, "/"); got != "version 1 generation 1" {
		t.Errorf("after the install %q answers, want version 1 generation 1", got)
	}
	if n := s.count("msg=trial") + s.count("msg=starting"); n != 1 {
		t.Errorf("%d generations were started, want 1 and no trial", n)
	}
	s.Signal(syscall.SIGUSR2)
	s.wait()

	next := startService(t, neverRestarts, inDir(s.Dir))
	next.live(1)
	if got := ask(t, next, "/"); got != "version 2 generation 1" {
		t.Errorf("the next start runs %q, want version 2 generation 1", got)
	}
	next.stop()
}

// A release that fails its preflight is not installed with NoRestart either.
func TestNoRestartStillAsksForAPreflight(t *testing.T) {
	t.Parallel()
	s := startService(t, neverRestarts, installed(plan{Version: "1"}))
	s.live(1)
	publish(t, s.Next, plan{Version: "2", Fault: "panic in init"})
	s.await(1, "failed its preflight", "init of version 2")
	installedIs(t, s, plan{Version: "1"})
	s.stop()
}

func TestForceRestartRestartsInSpiteOfNoRestart(t *testing.T) {
	t.Parallel()
	s := startService(t, neverRestarts)
	s.live(1)
	held := holdRequest(t, s)
	ask(t, s, "/force")
	s.live(2)
	if got := held.finish(); got != "version 1 generation 1" {
		t.Errorf("the held request was answered by %q", got)
	}
	s.await(1, "msg=gone")
	if got := ask(t, s, "/"); got != "version 1 generation 2" {
		t.Errorf("%q answers, want generation 2", got)
	}
	s.stop()
}

// With NoRestartAfterFetch a release waits for the restart that is asked by
// hand; a newer one takes its place.
func TestNoRestartAfterFetchTriesTheNewestAtTheNextRestart(t *testing.T) {
	t.Parallel()
	s := startService(t, restartsByHand, installed(plan{Version: "1"}))
	s.live(1)
	if got := status(t, s); got != (overseer.Status{Generation: 1, Starts: 1}) {
		t.Errorf("status is %+v, want generation 1 of 1 and no more", got)
	}
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=waiting")
	first := status(t, s).StagedUpgrade
	if len(first) != 64 || !strings.Contains(s.Log(), "release="+first[:12]) {
		t.Errorf("status says that %q is staged, want the digest of the log", first)
	}
	publish(t, s.Next, plan{Version: "3"})
	s.await(2, "msg=waiting")
	if second := status(t, s).StagedUpgrade; second == first || len(second) != 64 {
		t.Errorf("status says that %q is staged, want the newer release", second)
	}
	if n := s.count("msg=starting"); n != 1 {
		t.Errorf("%d generations were started, want 1", n)
	}
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=committed")
	if got := ask(t, s, "/"); got != "version 3 generation 2" {
		t.Errorf("after the restart %q answers, want version 3 generation 2", got)
	}
	if got := status(t, s); got.StagedUpgrade != "" || got.Starts != 2 {
		t.Errorf("status is %+v, want 2 starts and nothing staged", got)
	}
	installedIs(t, s, plan{Version: "3"})
	s.stop()
}

// Fifty calls of Restart at once are one restart and, at most, one more for
// those that came while it was under way.
func TestRestartsAskedAtOnceAreAtMostTwo(t *testing.T) {
	t.Parallel()
	s := startService(t, restartsByOrder)
	s.live(1)
	ask(t, s, "/restart?times=50")
	s.live(2)
	eventually(t, "nothing is pending", func() bool {
		held := status(t, s)
		return !held.PendingRestart && held.Generation == held.Starts && s.count("msg=gone") == held.Starts-1
	})
	if n := s.count("msg=starting"); n > 3 {
		t.Errorf("50 calls at once made %d restarts, want 1 or 2", n-1)
	}
	s.stop()
}

// A restart asked for by a program that has only begun is remembered until it
// can be done.
var restartsAtOnce = obeying("restarts at once", func(c *overseer.Config) {
	c.Program = func(s overseer.State) {
		if s.Generation == 1 {
			overseer.Restart()
		}
		obey(s)
	}
})

func TestRestartAtTheStartOfTheProgramIsNotLost(t *testing.T) {
	t.Parallel()
	s := startService(t, restartsAtOnce)
	s.live(2)
	s.await(1, "msg=gone", "generation=1")
	if got := ask(t, s, "/"); got != "version 1 generation 2" {
		t.Errorf("%q answers, want generation 2", got)
	}
	s.stop()
}
