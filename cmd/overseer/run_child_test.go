//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// need skips a test where a program of the host is missing.
func need(t *testing.T, name, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: apt-get install %s", name, pkg)
	}
	t.Skipf("%s is missing: apt-get install %s", name, pkg)
}

func compile(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// A running is an overseer run whose lines are read.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	ended chan struct{}
	more  chan struct{} // signalled at each line

	mu    sync.Mutex
	lines []string
}

// startRun starts overseer run. Its whole session ends with the test.
func startRun(t *testing.T, args ...string) *running {
	t.Helper()
	c, _ := child(t, append([]string{"run"}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r := &running{t: t, cmd: c, ended: make(chan struct{}), more: make(chan struct{}, 1)}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = in, in
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	go func() {
		defer out.Close()
		for lines := bufio.NewScanner(out); lines.Scan(); {
			r.mu.Lock()
			r.lines = append(r.lines, lines.Text())
			r.mu.Unlock()
			select {
			case r.more <- struct{}{}:
			default:
			}
		}
	}()
	go func() {
		c.Wait()
		close(r.ended)
	}()
	t.Cleanup(func() {
		c.Process.Kill() // its program gets the drain signal by that
		<-r.ended
		if t.Failed() {
			t.Log(strings.Join(r.lines, "\n"))
		}
	})
	return r
}

// await waits for a line with all of the words and returns it.
func (r *running) await(words ...string) string {
	r.t.Helper()
	bound := time.NewTimer(time.Minute)
	defer bound.Stop()
	for {
		r.mu.Lock()
		for _, line := range r.lines {
			if hasAll(line, words) {
				r.mu.Unlock()
				return line
			}
		}
		r.mu.Unlock()
		select {
		case <-r.more:
		case <-r.ended:
			r.t.Fatalf("it ended before it wrote %q", words)
		case <-bound.C:
			r.t.Fatalf("no line with %q within a minute", words)
		}
	}
}

func hasAll(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

var addressOf = regexp.MustCompile(`address=(\S+)`)

func (r *running) address() string {
	return addressOf.FindStringSubmatch(r.await("msg=bound"))[1]
}

// stop ends it and returns its exit code.
func (r *running) stop() int {
	r.t.Helper()
	r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.ended:
	case <-time.After(time.Minute):
		r.t.Fatal("it did not end within a minute")
	}
	return r.cmd.ProcessState.ExitCode()
}

func get(t *testing.T, address string) string {
	t.Helper()
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
