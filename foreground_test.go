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
)

// These are the ways in which a service is run in the foreground, beside those of
// a terminal (terminal_test.go), a container (pidone_test.go) and a supervisor
// (supervisor_test.go).

// via has a program start the service.
func via(words ...string) option {
	return func(s *service) {
		s.cmd.Args = append(words, s.Binary)
		if s.cmd.Path, s.cmd.Err = exec.LookPath(words[0]); s.cmd.Err != nil {
			s.t.Skipf("this host has no program named %s", words[0])
		}
	}
}

// left says that whoever started the service has gone, and the service has not:
// from now on it is its master that is waited for.
func (s *service) left() {
	s.t.Helper()
	s.wait()
	exited := make(chan struct{})
	s.exited = exited
	go func() {
		defer close(exited)
		gone := 0
		within(2*bound, func() bool { // while a process of several threads is replaced, it looks like a zombie for a moment
			if gone++; running(s.PID) {
				gone = 0
			}
			return gone >= 10
		})
	}()
}

// running reports whether a process is there and not just waited for.
func running(pid int) bool {
	state := stateOf(pid)
	return state != 0 && state != 'Z'
}

// ignores checks which signals a process ignores, of SIGHUP and SIGINT: bits 0
// and 1 of the mask in proc(5).
func ignores(t *testing.T, pid int, want uint64) {
	t.Helper()
	text := statusOf(t, pid)["SigIgn"]
	if mask, err := strconv.ParseUint(text, 16, 64); err != nil || mask&3 != want {
		t.Errorf("process %d ignores %s, want %d of SIGHUP (1) and SIGINT (2)", pid, text, want)
	}
}

// TestNohup takes the terminal of a job away that was started by nohup(1).
func TestNohup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, program string
		handles       bool
	}{
		{"service", web, false},
		{"service that takes hangups", watchful, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keyboard, screen := openTerminal(t)
			s := startJob(t, c.program, screen, env("TEST_VIA", "nohup"))
			s.live(1)
			screen.Close()
			keyboard.Close()
			s.left()
			seen := 0
			if c.handles {
				s.await(1, "service has seen hangup") // the terminal's
				seen = s.count("service has seen hangup")
			}
			for generation := 1; generation <= 2; generation++ {
				s.Signal(syscall.SIGHUP)
				if c.handles {
					seen++
					s.await(seen, "service has seen hangup")
				} else {
					ignores(t, s.pidOf(generation), 1)
				}
				s.restart()
			}
			if got := request(t, "tcp", s.Address()); got != "version 1\n" {
				t.Errorf("answer %q, want version 1", got)
			}
			if n := s.count("msg=exited"); n != 0 {
				t.Errorf("%d workers ended by themselves", n)
			}
			s.Signal(syscall.SIGTERM)
			s.await(1, "msg=stopping")
			s.wait()
		})
	}
}

// TestNohupTool has a program without addresses, which is in the group of the
// terminal itself.
func TestNohupTool(t *testing.T) {
	t.Parallel()
	keyboard, screen := openTerminal(t)
	s := startJob(t, tool, screen, env("TEST_VIA", "nohup"), env("TEST_TERMINATE_TIMEOUT", "100ms"))
	s.live(1)
	screen.Close()
	keyboard.Close()
	s.left()
	s.restart()
	ignores(t, s.pidOf(2), 1)
	s.Signal(syscall.SIGTERM)
	s.wait()
}

// TestBackgroundJobOfAScript interrupts the script, by Ctrl-C: it goes to the
// job too, which the shell has made ignore it.
func TestBackgroundJobOfAScript(t *testing.T) {
	t.Parallel()
	s := startService(t, watchful, via("sh", "-c", `"$0" & echo "the job is process $!"; wait`))
	s.PID, _ = strconv.Atoi(s.word("the job is process "))
	s.live(1)
	if err := syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	s.left()
	s.restart()
	if got := request(t, "tcp", s.Address()); got != "version 1\n" {
		t.Errorf("answer %q, want version 1", got)
	}
	ignores(t, s.PID, 2)
	if n := s.count("service has seen"); n != 0 {
		t.Errorf("the program has seen %d signals, want none", n)
	}
	s.Signal(syscall.SIGTERM)
	s.wait()
}

// detached is a service that tells nobody anything but by its PID file.
var detached = register("detached", func() {
	dir := os.Getenv("TEST_DIR")
	overseer.Run(overseer.Config{
		Required: true,
		Address:  "unix://" + filepath.Join(dir, "socket"),
		PIDFile:  filepath.Join(dir, "app.pid"),
		Program:  serveWeb,
	})
})

// TestDetached is a job as cron(8) starts it at the worst: nearly no environment,
// a session of its own, and no standard descriptors.
func TestDetached(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	socket, pidFile := filepath.Join(dir, "socket"), filepath.Join(dir, "app.pid")
	s := startService(t, detached, via("sh", "-c",
		`exec env -i `+programVariable+`=`+detached+` TEST_DIR=`+dir+` setsid -f "$0" <&- >&- 2>&-`))
	s.wait()
	var pid int
	eventually(t, "a PID file", func() bool {
		text, err := os.ReadFile(pidFile)
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSuffix(string(text), "\n"))
		}
		return err == nil
	})
	t.Cleanup(func() {
		if !t.Failed() { // it has gone, and its number may be another's
			return
		}
		for _, p := range session(pid) {
			syscall.Kill(p, syscall.SIGKILL)
		}
	})
	generation := func(want string) func() bool {
		return func() bool {
			body, err := tryPath("unix", socket, "/generation")
			return err == nil && body == want
		}
	}
	eventually(t, "generation 1", generation("1"))
	for _, step := range []struct {
		sig  syscall.Signal
		then func() bool
	}{
		{syscall.SIGUSR2, generation("2")},
		{syscall.SIGTERM, func() bool { return !running(pid) }},
	} {
		if err := syscall.Kill(pid, step.sig); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprintf("what %v asks for", step.sig), step.then)
	}
	for _, path := range []string{socket, pidFile} {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%q is left behind (%v)", path, err)
		}
	}
}
