//go:build unix

package overseer_test

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// A badRelease is one way in which a release can be bad.
type badRelease struct {
	name  string
	bytes func(t *testing.T) []byte
	says  []string // the log has a line with all of these
	after string   // and one with this, when it is over
	crash bool     // it takes requests along
	trial string   // how long it is on trial; empty: half a second
}

// badShort is a bound on readiness that a good release keeps on a busy machine.
const badShort = 10 * time.Second

// badOnTrial is time enough for a request to reach a release on trial, and for
// what comes of it to be seen.
const badOnTrial = "5s"

const (
	preflighted = "failed its preflight and is quarantined"
	goneAgain   = "msg=gone"
)

var badReleases = []badRelease{
	{name: "exits with code 1 at start", bytes: fault(plan{Fault: "exit at start", ExitCode: 1}),
		says: []string{"msg=failed", "exited with code 1", "last words of version bad"}},
	{name: "exits with code 0 at start", bytes: fault(plan{Fault: "exit at start"}),
		says: []string{"msg=failed", "exited with code 0", "last words of version bad"}},
	{name: "panics at start", bytes: fault(plan{Fault: "panic at start"}),
		says: []string{"msg=failed", "exited with code 2", "version bad cannot start"}},
	{name: "panics in init", bytes: fault(plan{Fault: "panic in init"}),
		says: []string{preflighted, "init of version bad"}},
	{name: "hangs in init", bytes: fault(plan{Fault: "hang in init"}),
		says: []string{preflighted, "did not reach overseer.Run within 10s"}},
	{name: "hangs at start", bytes: fault(plan{Fault: "hang at start"}),
		says: []string{"msg=failed", "not ready within 10s", "program begins"}, after: goneAgain},
	{name: "never accepts", bytes: fault(plan{Fault: "never accepts"}),
		says: []string{"msg=failed", "not ready within 10s", "program begins"}, after: goneAgain},
	{name: "is unhealthy from the start", bytes: fault(plan{Fault: "unhealthy"}),
		says: []string{"msg=failed", "probe failed", "503", "program begins"}, after: goneAgain},
	{name: "becomes unhealthy on trial", bytes: fault(plan{Fault: "unhealthy in service", After: 100 * time.Millisecond}), trial: badOnTrial,
		says: []string{`msg="rolled back"`, "probe failed", "503"}, after: goneAgain},
	{name: "crashes on trial", bytes: fault(plan{Fault: "crash in service", After: 100 * time.Millisecond}), crash: true, trial: badOnTrial,
		says: []string{`msg="rolled back"`, "exited with code 2 during its trial", "version bad crashed in service"}},
	{name: "is a program without overseer", bytes: otherProgram,
		says: []string{preflighted, "is it built with overseer"}},
}

// TestBadReleaseNeverDisturbs is promise 2: whatever is wrong with a release, the
// service goes on with the version before and no request is lost but those inside
// a process that crashed; the installed file stays as it was; the log says why;
// the same bytes are never run again; and a good release that follows is taken.
func TestBadReleaseNeverDisturbs(t *testing.T) {
	for _, bad := range badReleases {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			record := filepath.Join(t.TempDir(), "runs")
			s := startService(t, faulty, env("TEST_PROBATION", cmp.Or(bad.trial, "500ms")), env("TEST_READY_TIMEOUT", badShort.String()), env("TEST_RUNS", record))
			s.live(1)
			clients := startWatch(t, s)

			release := bad.bytes(t)
			publishBytes(t, s.Next, release)
			s.await(1, bad.says...)
			if bad.after != "" {
				s.await(1, bad.after)
			}
			if bad.says[0] != preflighted {
				s.await(1, "msg=quarantined") // which is written later: until then it may be looked at again
			}
			if got := answers(t, s); got != "1" {
				t.Errorf("after the bad release version %q answers, want 1", got)
			}
			mustHold(t, s.Binary, releaseBytes(t, plan{Version: "1"}))
			before := runs(t, record, "bad")

			publishBytes(t, s.Next, release)
			s.await(2, "the source offers a release")
			publish(t, s.Next, plan{Version: "good"})
			s.await(1, "msg=committed")
			s.await(1, "msg=gone", "generation=1 ") // until then it may answer too
			if again := runs(t, record, "bad"); again != before {
				t.Errorf("the same bytes were run again: %d times before, %d times in the end", before, again)
			}
			if got := answers(t, s); got != "good" {
				t.Errorf("after the good release version %q answers", got)
			}
			mustHold(t, s.Binary, releaseBytes(t, plan{Version: "good"}))
			if bad.crash {
				clients.sawCrashes(t, 1)
			} else {
				clients.sawNoLoss(t)
			}
			s.stop()
		})
	}
}

// TestGoodReleaseIsTaken holds what looks odd about a release and is not bad.
func TestGoodReleaseIsTaken(t *testing.T) {
	for name, good := range map[string]struct {
		plan plan
		mode os.FileMode
	}{
		"prints in init":                  {plan{Version: "2", Fault: "prints in init"}, 0o755},
		"is not executable at its source": {plan{Version: "2"}, 0o644},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, faulty)
			s.live(1)
			clients := startWatch(t, s)
			writeRelease(t, s.Next+".new", good.plan)
			if err := errors.Join(os.Chmod(s.Next+".new", good.mode), os.Rename(s.Next+".new", s.Next)); err != nil {
				t.Fatal(err)
			}
			s.await(1, "msg=committed")
			s.await(1, "msg=gone", "generation=1 ") // until then it may answer too
			if got := answers(t, s); got != "2" {
				t.Errorf("version %q answers, want 2", got)
			}
			mustHold(t, s.Binary, releaseBytes(t, good.plan))
			clients.sawNoLoss(t)
			s.stop()
		})
	}
}

func publishBytes(t *testing.T, path string, release []byte) {
	t.Helper()
	writeBinary(t, path+".new", release)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// fault returns a release of version "bad" that follows a plan.
func fault(p plan) func(*testing.T) []byte {
	p.Version = "bad"
	return func(t *testing.T) []byte { return releaseBytes(t, p) }
}

func pageOfHTML(*testing.T) []byte {
	return []byte("<!DOCTYPE html><title>502 Bad Gateway</title>")
}

func otherProgram(t *testing.T) []byte {
	path, err := exec.LookPath("true")
	if err != nil {
		t.Skip("this host has no program named true")
	}
	release, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return release
}
