//go:build unix

package overseer_test

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// TestKilledCandidateNeverDisturbs kills a candidate by SIGKILL on its way up.
func TestKilledCandidateNeverDisturbs(t *testing.T) {
	for _, phase := range []struct {
		name  string
		fault string
		ready string   // the log says that the phase is reached
		says  []string // and how it ends
	}{
		{"in its preflight", "hang in init", "the source offers a release", []string{preflighted, "signal 9"}},
		{"starting", "hang at start", "program begins generation=2", []string{"msg=failed", "ended by signal 9 before it was live"}},
		{"being probed", "unhealthy", "unwell when asked generation=2", []string{"msg=failed", "ended by signal 9 before it was live"}},
	} {
		t.Run(phase.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, faulty)
			s.live(1)
			clients := startWatch(t, s)
			publish(t, s.Next, plan{Version: "bad", Fault: phase.fault})
			s.await(1, phase.ready)
			kill(t, s.newcomer(s.pidOf(1)), syscall.SIGKILL)
			s.await(1, phase.says...)
			if got := answers(t, s); got != "1" {
				t.Errorf("version %q answers, want 1", got)
			}
			publish(t, s.Next, plan{Version: "good"})
			s.await(1, "msg=committed")
			clients.sawNoLoss(t)
			s.stop()
		})
	}
}

// TestCandidateKilledOnTrial counts what a crash on trial costs: what was inside
// the process, and nothing else. The generation that stands by is put back
// without a start, and answers what it had.
func TestCandidateKilledOnTrial(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_PROBATION", never))
	s.live(1)
	before := []*held{hold(t, s), hold(t, s)}
	clients := startWatch(t, s)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=trial")
	inside, outside := holdIn(t, s, 2, 3)
	before = append(before, outside...)
	kill(t, s.pidOf(2), syscall.SIGKILL)
	s.await(1, `msg="rolled back"`, "ended by signal 9 during its trial")
	after := hold(t, s)
	for _, h := range inside {
		h.isCut()
	}
	for _, h := range append(before, after) {
		h.end("1")
	}
	if got := s.count("msg=starting"); got != 2 {
		t.Errorf("%d generations were started, want no more than the two", got)
	}
	clients.sawCrashes(t, 1)
	s.stop()
}

// TestStandbyKilledOnTrial kills the one that stands by: the trial goes on.
func TestStandbyKilledOnTrial(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_PROBATION", "1s"))
	s.live(1)
	inside := hold(t, s)
	clients := startWatch(t, s)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=trial")
	kill(t, s.pidOf(1), syscall.SIGKILL)
	s.await(1, "msg=exited", "generation=1", "ended by signal 9 while it stood by")
	s.await(1, "msg=committed")
	inside.isCut()
	if got := answers(t, s); got != "2" {
		t.Errorf("version %q answers, want 2", got)
	}
	clients.sawCrashes(t, 1)
	s.stop()
}

// TestBothKilledOnTrial kills the one that stands by, and then the candidate: the
// installed binary is started anew, and those who come meanwhile wait.
func TestBothKilledOnTrial(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_PROBATION", never))
	s.live(1)
	clients := startWatch(t, s)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=trial")
	kill(t, s.pidOf(1), syscall.SIGKILL)
	s.await(1, "msg=exited", "generation=1")
	kill(t, s.pidOf(2), syscall.SIGKILL)
	s.await(1, `msg="rolled back"`, "generation=2")
	s.await(1, "program begins generation=3", "version=1")
	s.live(3)
	if got := answers(t, s); got != "1" {
		t.Errorf("version %q answers, want 1", got)
	}
	mustHold(t, s.Binary, releaseBytes(t, plan{Version: "1"}))
	clients.sawCrashes(t, 2)
	s.stop()
}

// TestKilledLiveEndsTheMaster is the default: the end of the program is the end
// of the master, with the same code.
func TestKilledLiveEndsTheMaster(t *testing.T) {
	t.Parallel()
	s := startService(t, web)
	s.live(1)
	inside := hold(t, s)
	kill(t, s.pidOf(1), syscall.SIGKILL)
	if code := s.wait(); code != 137 {
		t.Errorf("the master ended with code %d, want 128 + SIGKILL", code)
	}
	inside.isCut()
	s.allGone()
}

// TestKilledLiveIsStartedAgain is the same with KeepAlive: nobody is refused
// meanwhile.
func TestKilledLiveIsStartedAgain(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_KEEPALIVE", "on failure"))
	s.live(1)
	inside := hold(t, s)
	clients := startWatch(t, s)
	for i := range 3 {
		kill(t, s.pidOf(i+1), syscall.SIGKILL)
		s.await(i+1, "msg=respawn")
		s.live(i + 2)
	}
	inside.isCut()
	clients.sawCrashes(t, 3)
	s.stop()
}

// TestLiveKilledDuringRestart kills the live generation while the next one is
// starting: that one takes over.
func TestLiveKilledDuringRestart(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, installed(plan{Version: "1", Fault: "slow start", After: 300 * time.Millisecond}))
	s.live(1)
	clients := startWatch(t, s)
	s.Signal(syscall.SIGUSR2)
	s.await(1, "program begins generation=2")
	kill(t, s.pidOf(1), syscall.SIGKILL)
	s.live(2)
	if got := s.count("msg=starting"); got != 2 {
		t.Errorf("%d generations were started, want 2", got)
	}
	clients.sawCrashes(t, 1)
	s.stop()
}

// TestFrozenCandidateIsGivenUp stops a candidate's process: it is given up when
// its time is over, and killed, as it hears nothing.
func TestFrozenCandidateIsGivenUp(t *testing.T) {
	for _, phase := range []struct {
		name  string
		fault string
		ready []string
		says  []string
	}{
		{"starting", "hang at start", []string{"program begins generation=2"}, []string{"msg=failed", "not ready within"}},
		{"being probed", "unhealthy", []string{"unwell when asked generation=2"}, []string{"msg=failed", "probe failed"}},
		{"on trial", "", []string{"msg=trial"}, []string{`msg="rolled back"`, "probe failed"}},
	} {
		t.Run(phase.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, faulty, env("TEST_PROBATION", never), env("TEST_READY_TIMEOUT", "3s"), env("TEST_TERMINATE_TIMEOUT", "1s"))
			s.live(1)
			clients := startWatch(t, s)
			publish(t, s.Next, plan{Version: "2", Fault: phase.fault})
			s.await(1, phase.ready...)
			kill(t, s.pidOf(2), syscall.SIGSTOP)
			s.await(1, phase.says...)
			s.await(1, "msg=killed", "generation=2")
			s.await(1, "msg=gone", "generation=2", "signal 9")
			if got := answers(t, s); got != "1" {
				t.Errorf("version %q answers, want 1", got)
			}
			clients.sawCrashes(t, 1) // the kill of one that has been live
			s.stop()
		})
	}
}

// TestFrozenDrainIsKilled stops the process of an old generation that drains.
func TestFrozenDrainIsKilled(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_TERMINATE_TIMEOUT", "2s"))
	s.live(1)
	inside := hold(t, s)
	s.Signal(syscall.SIGUSR2)
	s.await(1, "program drains generation=1")
	clients := startWatch(t, s)
	kill(t, s.pidOf(1), syscall.SIGSTOP)
	s.await(1, "msg=killed", "generation=1")
	s.await(1, "msg=gone", "generation=1", "signal 9")
	inside.isCut()
	clients.sawNoLoss(t)
	s.stop()
}

func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("signal %v to pid %d: %v", sig, pid, err)
	}
}

// newcomer waits for a process of the service beside the master and one worker.
func (s *service) newcomer(worker int) (pid int) {
	s.t.Helper()
	eventually(s.t, "a second worker runs", func() bool {
		all := session(s.PID)
		i := slices.IndexFunc(all, func(p int) bool { return p != s.PID && p != worker })
		if i >= 0 {
			pid = all[i]
		}
		return i >= 0
	})
	return pid
}
