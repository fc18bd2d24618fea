//go:build unix

package overseer_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
)

// A commandPlan is the configuration of a master that runs a program of another
// language.
type commandPlan struct {
	Command   overseer.Command
	Standby   bool // SIGUSR1 and SIGALRM
	Addresses []string
	ExecFile  string
	Fetch     string // a file
	Probe     string // a path

	Probation, ReadyTimeout, TerminateTimeout time.Duration
	KeepAlive                                 overseer.KeepAlive
}

var command = register("command", func() {
	var p commandPlan
	if err := json.Unmarshal([]byte(os.Getenv("TEST_COMMAND")), &p); err != nil {
		panic(err)
	}
	c := overseer.Config{
		Required: true, Logger: testLogger(), Command: &p.Command,
		Addresses: p.Addresses, ExecFile: p.ExecFile, KeepAlive: p.KeepAlive,
		Probation: p.Probation, ReadyTimeout: p.ReadyTimeout, TerminateTimeout: p.TerminateTimeout,
		ProbeInterval: 50 * time.Millisecond,
		OnCrash: func(c overseer.Crash) {
			fmt.Fprintf(os.Stderr, "crash of generation %d: code %d: %q\n", c.Generation, c.ExitCode, c.Output)
		},
	}
	if p.Standby {
		p.Command.StandbySignal, p.Command.ResumeSignal = syscall.SIGUSR1, syscall.SIGALRM
	}
	if p.Fetch != "" {
		c.Fetcher = &fetcher.File{Path: p.Fetch, Interval: 20 * time.Millisecond, Settle: time.Millisecond}
	}
	if p.Probe != "" {
		c.Probe = probe.HTTP(p.Probe)
	}
	overseer.Run(c)
})

// needProgram returns the path of a program of the host. Debian has it in a
// package.
func needProgram(t *testing.T, path, pkg string) string {
	t.Helper()
	found, err := exec.LookPath(path)
	if err == nil {
		return found
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: apt-get install %s", path, pkg)
	}
	t.Skipf("%s is missing: apt-get install %s", path, pkg)
	return ""
}

// python is Debian's own: another one in front of it may start slowly.
func python(t *testing.T) string { return needProgram(t, "/usr/bin/python3", "python3") }

// startCommand starts a master of a program of another language. The file
// "server" in the service's directory is its release.
func startCommand(t *testing.T, p commandPlan, options ...option) *service {
	t.Helper()
	if p.Addresses == nil {
		p.Addresses = []string{"127.0.0.1:0"}
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	s := startService(t, command, append(options, env("TEST_COMMAND", string(text)))...)
	return s
}

var boundLine = regexp.MustCompile(`msg=bound .*address=(\S+)`)

// bind waits for the address that the master has bound.
func (s *service) bind() string {
	s.t.Helper()
	s.await(1, "msg=bound")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = boundLine.FindStringSubmatch(strings.Join(s.log, "\n"))[1]
	return s.address
}

// writeServer writes the server in python as an executable script.
func writeServer(t *testing.T, path, version, fault string) {
	t.Helper()
	body, err := os.ReadFile("testdata/command/server.py")
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!%s\nVERSION, FAULT = %q, %q\n%s", python(t), version, fault, body)
	writeBinary(t, path+".new", []byte(script))
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// server is a plan with the server in python, in a directory of its own.
func server(t *testing.T, fault string) (p commandPlan, file, next string) {
	dir := t.TempDir()
	file, next = filepath.Join(dir, "server"), filepath.Join(dir, "next")
	writeServer(t, file, "1", fault)
	return commandPlan{
		Command:   overseer.Command{Args: []string{file, "an argument"}, Ready: overseer.ReadyByNotify},
		Fetch:     next,
		Probe:     "/healthz",
		Probation: 500 * time.Millisecond, ReadyTimeout: 20 * time.Second, TerminateTimeout: 20 * time.Second,
	}, file, next
}

// said waits for a line of a service that may have ended: its last ones may
// still be on their way here.
func (s *service) said(words ...string) {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("a line with %q", words), func() bool { return s.count(words...) > 0 })
}

func fetchText(t *testing.T, url string) string {
	t.Helper()
	text, err := askServer(url)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// askServer returns what a server answers to one request, within bounds.
func askServer(url string) (string, error) {
	client := http.Client{Timeout: bound, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// What a program of another language finds when it starts.
func TestCommandSees(t *testing.T) {
	p, file, _ := server(t, "")
	p.Addresses = []string{"127.0.0.1:0", "tcp4://127.0.0.1:0"}
	p.Command.Names = []string{"http", "admin"}
	p.Command.Env = []string{"TEST_MARK=new", "PATH=/bin:/usr/bin"}
	p.Command.Dir = filepath.Dir(file)
	// What a service manager says to the master is not the program's.
	s := startCommand(t, p, env("TEST_MARK", "old"), env("LISTEN_PID", "1"), env("LISTEN_FDS", "5"), env("NOTIFY_SOCKET", "/nowhere"))
	s.live(1)
	var seen struct {
		PID         int
		PIDFDID     uint64
		Argv        []string
		Blocking    []bool
		Environ     map[string]string
		Descriptors map[string]string
		CWD         string
	}
	if err := json.Unmarshal([]byte(fetchText(t, "http://"+s.bind()+"/seen")), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.PID != s.pidOf(1) {
		t.Errorf("the program is process %d, the log says %d", seen.PID, s.pidOf(1))
	}
	notify := seen.Environ["NOTIFY_SOCKET"]
	delete(seen.Environ, "NOTIFY_SOCKET")
	if !strings.HasPrefix(notify, "@overseer-notify-") {
		t.Errorf("NOTIFY_SOCKET is %q", notify)
	}
	want := map[string]string{
		"LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:admin", "LISTEN_PID": fmt.Sprint(seen.PID),
		"LISTEN_PIDFDID": fmt.Sprint(seen.PIDFDID), "TEST_MARK": "new",
	}
	for name, value := range want {
		if got := seen.Environ[name]; got != value && !(name == "LISTEN_PIDFDID" && got == "") {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
		delete(seen.Environ, name)
	}
	if len(seen.Environ) > 0 {
		t.Errorf("the environment has %q too", seen.Environ)
	}
	if want := []string{file, "an argument"}; fmt.Sprint(seen.Argv) != fmt.Sprint(want) {
		t.Errorf("its arguments are %q, want %q", seen.Argv, want)
	}
	if fmt.Sprint(seen.Blocking) != "[true true]" {
		t.Errorf("its sockets are blocking: %v, want both", seen.Blocking)
	}
	if seen.CWD != p.Command.Dir {
		t.Errorf("it runs in %q, want %q", seen.CWD, p.Command.Dir)
	}
	sockets := 0
	for fd, kind := range seen.Descriptors {
		switch kind {
		case "socket":
			sockets++
		case "pipe":
			t.Errorf("it has a pipe, descriptor %s", fd)
		}
	}
	if sockets != 2 {
		t.Errorf("it has %d sockets, want 2: %q", sockets, seen.Descriptors)
	}
	if n := s.count("MAINPID"); n != 1 {
		t.Errorf("%d lines about its MAINPID, want 1", n)
	}
	s.stop()
}
