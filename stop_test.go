//go:build unix

package overseer_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A stopPhase is a moment at which a service may be told to end.
type stopPhase struct {
	name    string
	plan    plan // of the installed binary
	options []option
	reach   func(t *testing.T, s *service) // brings a service that is live there
	code    int                            // of the master
	first   bool                           // nothing is live yet
}

// never is longer than any test.
const never = "10m"

var stopPhases = []stopPhase{
	{name: "idle"},
	{name: "the first program is starting", plan: plan{Fault: "slow start", After: 500 * time.Millisecond}, first: true,
		reach: func(t *testing.T, s *service) { s.await(1, "program begins generation=1") }},
	// A program that does not end by itself is killed: 128 + SIGKILL.
	{name: "the first program hangs", plan: plan{Fault: "hang at start"}, first: true, code: 137, options: []option{env("TEST_TERMINATE_TIMEOUT", "1s")},
		reach: func(t *testing.T, s *service) { s.await(1, "program begins generation=1") }},
	{name: "a restart is starting",
		reach: func(t *testing.T, s *service) {
			publish(t, s.Binary, plan{Version: "1", Fault: "slow start", After: 500 * time.Millisecond})
			s.Signal(syscall.SIGUSR2)
			s.await(1, "program begins generation=2")
		}},
	{name: "restarts are asked for",
		reach: func(t *testing.T, s *service) {
			s.Signal(syscall.SIGUSR2)
			s.await(1, "msg=starting", "generation=2")
			s.Signal(syscall.SIGUSR2)
		}},
	{name: "a candidate is starting", options: []option{env("TEST_PROBATION", never)}, // else it may be installed by the time the stop arrives
		reach: func(t *testing.T, s *service) {
			publish(t, s.Next, plan{Version: "2", Fault: "slow start", After: 500 * time.Millisecond})
			s.await(1, "program begins generation=2")
		}},
	{name: "a candidate hangs",
		reach: func(t *testing.T, s *service) {
			publish(t, s.Next, plan{Version: "2", Fault: "hang at start"})
			s.await(1, "program begins generation=2")
		}},
	{name: "a candidate hangs in its preflight",
		reach: func(t *testing.T, s *service) {
			publish(t, s.Next, plan{Version: "2", Fault: "hang in init"})
			s.await(1, "the source offers a release")
			eventually(t, "the preflight runs", func() bool { return len(session(s.PID)) == 3 })
		}},
	{name: "a candidate is being probed",
		reach: func(t *testing.T, s *service) {
			publish(t, s.Next, plan{Version: "2", Fault: "unhealthy"})
			s.await(1, "unwell when asked generation=2")
		}},
	{name: "a candidate is on trial", options: []option{env("TEST_PROBATION", never)},
		reach: func(t *testing.T, s *service) {
			publish(t, s.Next, plan{Version: "2"})
			s.await(1, "msg=trial")
		}},
	{name: "an old generation drains",
		reach: func(t *testing.T, s *service) {
			s.Signal(syscall.SIGUSR2)
			s.await(1, "program drains generation=1")
		}},
	{name: "a fetch hangs", options: []option{env("TEST_FETCH", "hangs")},
		reach: func(t *testing.T, s *service) { s.await(1, "the fetch hangs") }},
}

// TestStopInEachPhase tells a service to end at each moment of a handover: it
// ends, with all of its processes, with the code of the program; the request in
// flight is answered; and the disk is as before.
func TestStopInEachPhase(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		for _, phase := range stopPhases {
			t.Run(phase.name+", "+sig.String(), func(t *testing.T) {
				t.Parallel()
				p := phase.plan
				p.Version = "1"
				s := startService(t, faulty, append(phase.options, installed(p))...)
				var inFlight *held
				if !phase.first {
					s.live(1)
					inFlight = hold(t, s)
				}
				if phase.reach != nil {
					phase.reach(t, s)
				}
				before, err := os.ReadFile(s.Binary)
				if err != nil {
					t.Fatal(err)
				}
				s.Signal(sig)
				s.await(1, "msg=stopping")
				if !phase.first {
					inFlight.end("1")
				}
				if code := s.wait(); code != phase.code {
					t.Errorf("the master ended with code %d, want %d", code, phase.code)
				}
				s.allGone()
				mustHold(t, s.Binary, before)
				nothingStaged(t, s)
				if got := s.count("msg=starting"); got != startsBefore(s) {
					t.Errorf("%d generations were started, some of them after the stop", got)
				}
			})
		}
	}
}

// startsBefore counts the starts that are older than the stop.
func startsBefore(s *service) int {
	n := 0
	stop := s.stamps("msg=stopping")[0]
	for _, at := range s.stamps("msg=starting") {
		if !at.After(stop) {
			n++
		}
	}
	return n
}

// nothingStaged checks that no candidate and no trial was left on the disk.
func nothingStaged(t *testing.T, s *service) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(s.Dir, ".app.candidate-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("candidates were left behind: %q (%v)", left, err)
	}
	text, err := os.ReadFile(filepath.Join(s.Dir, ".app.overseer", "trials.json"))
	if os.IsNotExist(err) {
		return
	}
	var record struct{ Trials []json.RawMessage }
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	if err != nil || len(record.Trials) > 0 {
		t.Errorf("the record of trials was not cleared (%v):\n%s", err, text)
	}
}

// TestSecondSignalEndsAtOnce cuts a stop short that waits for a request.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := startService(t, web, env("TEST_TERMINATE_TIMEOUT", never))
			s.live(1)
			inFlight := hold(t, s)
			s.Signal(sig)
			s.await(1, "msg=stopping")
			s.Signal(sig)
			if code, want := s.wait(), 128+int(sig); code != want {
				t.Errorf("the master ended with code %d, want %d", code, want)
			}
			s.allGone()
			inFlight.isCut()
		})
	}
}

// TestStuckRequestIsCut gives a stop its bound.
func TestStuckRequestIsCut(t *testing.T) {
	t.Parallel()
	const timeout = time.Second
	s := startService(t, web, env("TEST_TERMINATE_TIMEOUT", timeout.String()))
	s.live(1)
	inFlight := hold(t, s)
	start := time.Now()
	s.Signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Errorf("the master ended with code %d, want 0", code)
	}
	if took := time.Since(start); took < timeout/2 || took > bound/2 {
		t.Errorf("the stop took %v, want about %v", took, timeout)
	}
	s.allGone()
	inFlight.isCut()
}
