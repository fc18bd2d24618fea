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

// container starts one service as PID 1 of a PID namespace and passes nothing
// on: it is the runtime of a container. It ends with the service's code.
var container = register("container", func() {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), programVariable+"="+os.Getenv("TEST_JOB"))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		Pdeathsig:  syscall.SIGKILL,
	}
	cmd.Run()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		os.Exit(128 + int(status.Signal()))
	}
	os.Exit(status.ExitStatus())
})

// first is the web service of a container: it has a /proc of its own, and its
// program leaves orphans behind when it is asked to.
var first = register("first", func() {
	if os.Getpid() == 1 {
		if err := syscall.Mount("none", "/proc", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
			panic(err)
		}
		if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			panic(err)
		}
	}
	c := webConfig()
	c.Program = func(s overseer.State) {
		for range 3 {
			out, err := exec.Command("/bin/sh", "-c", "sleep 0.05 & echo $!").Output()
			fmt.Fprintf(os.Stderr, "orphan %s (%v)\n", strings.TrimSpace(string(out)), err)
		}
		serveWeb(s)
	}
	overseer.Run(c)
})

// startContainer starts a service as PID 1; PID is its number outside.
func startContainer(t *testing.T, options ...option) *service {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no PID namespace can be made")
	}
	usedPrograms.Store(first, true)
	s := startService(t, container, append(options, env("TEST_JOB", first))...)
	s.findPIDOne()
	return s
}

// findPIDOne makes the child of what was started the master.
func (s *service) findPIDOne() {
	s.t.Helper()
	eventually(s.t, "the first process of the container", func() bool {
		if s.ended() {
			return true // it was there, and has no number any more
		}
		for _, p := range processes() {
			// The runtime has children of its own, for a moment.
			if p.parent == s.cmd.Process.Pid && isPIDOne(p.pid) {
				s.PID = p.pid
				return true
			}
		}
		return false
	})
}

// isPIDOne reports whether a process is the first one of its PID namespace.
func isPIDOne(pid int) bool {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
	for line := range strings.Lines(string(status)) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			all := strings.Fields(ids)
			return len(all) > 0 && all[len(all)-1] == "1"
		}
	}
	return false
}

// TestPIDOneOfAContainer restarts, upgrades, reaps and ends.
func TestPIDOneOfAContainer(t *testing.T) {
	t.Parallel()
	s := startContainer(t)
	s.live(1)
	inside := filepath.Join("/proc", strconv.Itoa(s.PID), "root/proc/1")
	if _, err := os.Stat(inside); err != nil {
		t.Fatal(err)
	}
	s.restart()
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=committed")
	if got := request(t, "tcp", s.Address()); got != "version 2\n" {
		t.Errorf("answer %q, want version 2", got)
	}
	s.until("the master's replacement", func() bool { return s.count(replaced)+s.count("msg=stays") > 0 })
	s.await(9, "orphan ")
	s.await(2, "msg=gone")
	// All that has ended is waited for: what is left is one worker.
	eventually(t, "no zombie in the container", func() bool {
		children := 0
		for _, p := range processes() {
			if p.parent == s.PID {
				children++
			}
		}
		return children == 1
	})
	s.stop()
}

// TestPIDOneEndsAsItsProgram has a program that ends by itself.
func TestPIDOneEndsAsItsProgram(t *testing.T) {
	t.Parallel()
	s := startContainer(t, installed(plan{Version: "1", Fault: "exit at start", ExitCode: 7}))
	if code := s.wait(); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
}

// TestUnshare has the form that util-linux offers, and workers of another user: a
// container that needs root for nothing but its address.
func TestUnshare(t *testing.T) {
	t.Parallel()
	s := startService(t, lowered, rooted(t, via("unshare", "--pid", "--fork", "--kill-child", "--mount-proc"))...)
	s.findPIDOne()
	s.live(1)
	s.restart()
	s.upgrades()
	s.await(2, "msg=gone")
	var workers []int
	for _, p := range processes() {
		if p.parent == s.PID && p.state != 'Z' {
			workers = append(workers, p.pid)
		}
	}
	if len(workers) != 1 {
		t.Fatalf("the children of PID 1 are %v, want one worker", workers)
	}
	isStranger(t, workers[0])
	s.stop()
}
