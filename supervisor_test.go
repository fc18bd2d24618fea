//go:build linux

package overseer_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/loadtest"
)

// A supervisor is a program that keeps a service running in the foreground, as
// its child, and is told by a command what to do with it. DIR stands for the
// directory of the service.
type supervisor struct {
	name, debian string
	run          string // keeps the service of DIR running
	graceful     string // sends SIGUSR2
	restart      string // ends the service, and starts it again when it has ended
	down         string // ends the service, and returns when it has ended
	exit         string // ends the supervisor too
	pid          string // tells the master's
}

var supervisors = []supervisor{
	{
		name: "runit", debian: "runit",
		run: "runsv DIR", graceful: "sv 2 DIR", restart: "sv -w 60 restart DIR", down: "sv -w 60 down DIR", exit: "sv exit DIR",
		pid: "cat DIR/supervise/pid",
	},
	{
		name: "s6", debian: "s6",
		run: "s6-supervise DIR", graceful: "s6-svc -2 DIR", restart: "s6-svc -T 60000 -wr -r DIR", down: "s6-svc -T 60000 -wD -d DIR", exit: "s6-svc -xd DIR",
		pid: "s6-svstat -o pid DIR",
	},
}

// needs skips a test where a program of Debian's is missing.
func needs(t *testing.T, program, debian string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: apt-get install %s", program, debian)
	}
	t.Skipf("%s is not installed: apt-get install %s", program, debian)
}

func (v supervisor) words(line, dir string) []string {
	return strings.Fields(strings.ReplaceAll(line, "DIR", dir))
}

// do runs a command of the supervisor's.
func (v supervisor) do(t *testing.T, line, dir string) string {
	t.Helper()
	words := v.words(line, dir)
	out, err := exec.CommandContext(t.Context(), words[0], words[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", words, err, out)
	}
	return strings.TrimSpace(string(out))
}

// startSupervised starts the web service under a supervisor.
func startSupervised(t *testing.T, v supervisor) (s *service, dir string) {
	t.Helper()
	needs(t, v.words(v.run, "")[0], v.debian)
	dir = filepath.Join(t.TempDir(), "service")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s = startService(t, web, func(s *service) {
		writeBinary(t, filepath.Join(dir, "run"), []byte("#!/bin/sh\nexec "+s.Binary+" 2>&1\n"))
		writeBinary(t, filepath.Join(dir, "finish"), []byte("#!/bin/sh\necho \"finished with code $1\"\n"))
		words := v.words(v.run, dir)
		s.cmd.Args = words
		s.cmd.Path, s.cmd.Err = exec.LookPath(words[0])
	})
	t.Cleanup(func() { // s6 gives the service a session of its own
		if !t.Failed() { // it has gone, and its number may be another's
			return
		}
		s.cmd.Process.Kill() // else it would start another
		<-s.exited
		words := v.words(v.pid, dir)
		out, _ := exec.Command(words[0], words[1:]...).Output() // no number: it has ended
		if pid, err := strconv.Atoi(strings.TrimSpace(string(out))); err == nil && pid > 1 {
			for _, pid := range session(pid) {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	s.live(1)
	s.master(v, dir)
	return s, dir
}

// master asks the supervisor for the master's PID.
func (s *service) master(v supervisor, dir string) int {
	s.t.Helper()
	pid, err := strconv.Atoi(v.do(s.t, v.pid, dir))
	if err != nil {
		s.t.Fatalf("pid by %q: %v", v.pid, err)
	}
	s.PID = pid
	return pid
}

// TestUnderSupervisor restarts and upgrades a service under load, has the
// supervisor restart it, and ends it.
func TestUnderSupervisor(t *testing.T) {
	t.Parallel()
	for _, v := range supervisors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s, dir := startSupervised(t, v)
			first := s.PID
			load := startLoad(t, s, loadtest.NewConnection, 4)
			v.do(t, v.graceful, dir)
			s.await(1, "msg=gone")
			s.upgrades()
			noLoss(t, load)
			if now := s.master(v, dir); now != first {
				t.Errorf("the supervisor sees process %d after a restart and an upgrade, want %d still", now, first)
			}
			v.do(t, v.restart, dir)
			s.await(1, "finished with code 0")
			s.await(2, "msg=bound")
			s.live(4)
			if now := s.master(v, dir); now == first {
				t.Errorf("the supervisor sees process %d still, which it has restarted", now)
			}
			if s.count("msg=live", "generation=1 ") != 2 {
				t.Error("the second master has no first generation")
			}
			v.do(t, v.down, dir)
			s.await(2, "finished with code 0")
			v.do(t, v.exit, dir)
			s.wait()
		})
	}
}

// TestSupervisorSeesTheProgramEnd has a program that is killed: the supervisor is
// told its code, and starts it again.
func TestSupervisorSeesTheProgramEnd(t *testing.T) {
	t.Parallel()
	for _, v := range supervisors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s, dir := startSupervised(t, v)
			first := s.PID
			if err := syscall.Kill(s.pidOf(1), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			s.await(1, "finished with code 137") // 128+9
			eventually(t, "another master", func() bool { return s.count("msg=bound") > 1 && s.master(v, dir) != first })
			v.do(t, v.exit, dir)
			s.wait()
		})
	}
}
