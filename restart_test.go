//go:build unix

package overseer_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBurstOfRestartsIsOneOrTwo asks for 20 restarts, 1 ms apart: those that come
// while one is under way are remembered once. None is lost: one generation at
// least is started after the last was asked for.
func TestBurstOfRestartsIsOneOrTwo(t *testing.T) {
	const startup = 400 * time.Millisecond // longer than all 20 signals take
	s := startService(t, faulty, installed(plan{Version: "1", Fault: "slow start", After: startup}))
	s.live(1)
	clients := startWatch(t, s)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	first, last := time.Now(), time.Time{}
	for range 20 {
		<-tick.C
		last = time.Now()
		s.Signal(syscall.SIGUSR2)
	}
	s.until("a generation that was started after the last signal is live", func() bool {
		starts := s.stamps("msg=starting")
		n := len(starts)
		return !starts[n-1].Before(last.Truncate(time.Millisecond)) && s.count("msg=live") == n
	})
	s.await(s.count("msg=starting")-1, "msg=gone")
	if started, most := s.count("msg=starting")-1, 2+int(last.Sub(first)/startup); started > most {
		t.Errorf("20 signals within %v started %d generations, want %d at most", last.Sub(first), started, most)
	}
	if got := len(session(s.PID)); got != 2 {
		t.Errorf("%d processes are left, want the master and one worker", got)
	}
	clients.sawNoLoss(t)
	before := s.count("msg=starting")
	s.restart()
	if got := s.count("msg=starting") - before; got != 1 {
		t.Errorf("one more signal started %d generations, want 1", got)
	}
	s.stop()
}

// TestEarlyRestartIsCarriedOut asks for a restart as soon as the master has
// begun: neither is the wish lost nor the first worker, which is healthy, killed.
func TestEarlyRestartIsCarriedOut(t *testing.T) {
	s := startService(t, faulty, installed(plan{Version: "1", Fault: "slow start", After: 300 * time.Millisecond}))
	s.await(1, "msg=starting")
	s.Signal(syscall.SIGUSR2)
	clients := startWatch(t, s)
	s.await(2, "msg=live")
	s.await(1, "msg=gone", "generation=1 ", `reason="exited with code 0"`)
	if s.count("msg=killed") > 0 || s.count("msg=starting") != 2 {
		t.Error("want two starts and nobody killed")
	}
	clients.sawNoLoss(t)
	s.stop()
}

// TestBadBinaryAtRestart puts a bad binary in the place of the installed one, as
// an operator may: a restart fails and says why, and the live generation goes on.
func TestBadBinaryAtRestart(t *testing.T) {
	for name, bad := range map[string]struct {
		bytes func(*testing.T) []byte
		says  []string
		crash bool
	}{
		"exits at start":              {bytes: fault(plan{Fault: "exit at start", ExitCode: 1}), says: []string{"msg=failed", "last words of version bad"}},
		"hangs at start":              {bytes: fault(plan{Fault: "hang at start"}), says: []string{"msg=failed", "not ready within"}},
		"is unhealthy from the start": {bytes: fault(plan{Fault: "unhealthy"}), says: []string{"msg=failed", "probe failed"}},
		"is no program":               {bytes: pageOfHTML, says: []string{"msg=failed", "the file is no program"}},
		"crashes in its probation": {bytes: fault(plan{Fault: "crash in service", After: 100 * time.Millisecond}), crash: true,
			says: []string{`msg="rolled back"`, "version bad crashed in service"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, faulty, env("TEST_READY_TIMEOUT", badShort.String()), env("TEST_PROBATION", "500ms"))
			s.live(1)
			clients := startWatch(t, s)
			publishBytes(t, s.Binary, bad.bytes(t)) // by rename
			s.Signal(syscall.SIGUSR2)
			s.await(1, bad.says...)
			if got := answers(t, s); got != "1" {
				t.Errorf("version %q answers, want 1", got)
			}
			publish(t, s.Binary, plan{Version: "good"})
			s.Signal(syscall.SIGUSR2)
			s.await(1, "msg=live", "probation passed")
			if got := answers(t, s); got != "good" {
				t.Errorf("version %q answers, want the good one", got)
			}
			if bad.crash {
				clients.sawCrashes(t, 1)
			} else {
				clients.sawNoLoss(t)
			}
			s.stop()
		})
	}
}

// TestMissingBinaryAtRestart is the same mistake, made worse.
func TestMissingBinaryAtRestart(t *testing.T) {
	t.Parallel()
	s := startService(t, web)
	s.live(1)
	clients := startWatch(t, s)
	if err := os.Rename(s.Binary, s.Binary+".away"); err != nil {
		t.Fatal(err)
	}
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=failed", "no such file")
	if err := os.Rename(s.Binary+".away", s.Binary); err != nil {
		t.Fatal(err)
	}
	s.restart()
	clients.sawNoLoss(t)
	s.stop()
}

// stamps returns the times of the lines of the master that hold a word.
func (s *service) stamps(word string) (times []time.Time) {
	for line := range strings.Lines(s.Log()) {
		if !strings.Contains(line, word) {
			continue
		}
		stamp, _, _ := strings.Cut(strings.TrimPrefix(line, "time="), " ")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			s.t.Fatalf("line without a time: %q", line)
		}
		times = append(times, at)
	}
	return times
}
