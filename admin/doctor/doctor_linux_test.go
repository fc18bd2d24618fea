package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// The test binary examines where this variable is set, in the namespace that it is
// started in.
const roleVariable = "OVERSEER_DOCTOR_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "examine":
		found := Examine(context.Background(), Subject{Binary: os.Getenv("TEST_BINARY"), StateDir: os.Getenv("TEST_STATE")})
		if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
			panic(err)
		}
		os.Exit(0)
	case "wait":
		fmt.Println("here")
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// of returns the findings of one check.
func of(all []Finding, check string) (some []Finding) {
	for _, f := range all {
		if f.Check == check {
			some = append(some, f)
		}
	}
	return some
}

// expect wants one finding of a check, with a result and words.
func expect(t *testing.T, name string, all []Finding, check string, result Result, words string) {
	t.Helper()
	some := of(all, check)
	if len(some) != 1 || some[0].Result != result || !strings.Contains(some[0].Found+" "+some[0].Advice, words) {
		t.Errorf("%s: %s is %+v, want %s with %q", name, check, some, result, words)
	}
	for _, f := range some {
		if (f.Result == Warn || f.Result == Fail) && f.Advice == "" {
			t.Errorf("%s: no advice: %+v", name, f)
		}
	}
}

// installed makes a program in a directory of its own.
func installed(t *testing.T) (binary, stateDir string) {
	t.Helper()
	dir := t.TempDir()
	binary = filepath.Join(dir, "app")
	if err := os.WriteFile(binary, []byte("a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	stateDir = filepath.Join(dir, ".app.overseer")
	if err := os.Mkdir(stateDir, 0o700); err != nil {
		t.Fatal(err)
	}
	return binary, stateDir
}

func TestServiceAndUpgrades(t *testing.T) {
	now := time.Now()
	long := now.Add(-time.Hour)
	good := func() *admin.Status {
		return &admin.Status{Name: "app", Live: 3, Condition: admin.Serving, Time: now, Source: &admin.Source{Name: "the source", Looked: &now}}
	}
	for _, row := range []struct {
		name   string
		change func(*Subject)
		check  string
		result Result
		words  string
	}{
		{"answers", nil, "socket", OK, "answers"},
		{"does not answer", func(s *Subject) { s.Status, s.Err = nil, errors.New("connection refused") }, "socket", Fail, "connection refused"},
		{"serves", nil, "serving", OK, "generation 3"},
		{"is down", func(s *Subject) { s.Status.Live, s.Status.Condition = 0, admin.Down }, "serving", Fail, "down"},
		{"comes up", func(s *Subject) { s.Status.Live, s.Status.Condition = 0, admin.Coming }, "serving", Warn, "comes up"},
		{"crashes", func(s *Subject) { s.Status.Crashes = 4 }, "serving", Warn, "4 times"},
		{"no source", func(s *Subject) { s.Status.Source = nil }, "source", Warn, "no source"},
		{"the source fails", func(s *Subject) { s.Status.Source.Error = "no such host" }, "source", Fail, "no such host"},
		{"not looked yet", func(s *Subject) { s.Status.Source.Looked = nil }, "source", Unknown, "not looked at yet"},
		{"overdue", func(s *Subject) { s.Status.Source.Next = &long }, "source", Warn, "1h0m0s ago"},
		{"not held", nil, "hold", OK, ""},
		{"held", func(s *Subject) { s.Status.Hold = &admin.Hold{Actor: "bob", Reason: "an incident"} }, "hold", Warn, "bob: an incident"},
		{"waits", func(s *Subject) { s.Status.Waiting = &admin.Candidate{Why: "for a restart"} }, "waiting", Warn, "for a restart"},
		{"refused", func(s *Subject) { s.Status.Refused = &admin.Attempt{Reason: "status 500"} }, "refused", Warn, "status 500"},
		{"no quarantine", nil, "quarantine", OK, ""},
		{"quarantine", func(s *Subject) { s.Quarantine = []admin.Entry{{Digest: strings.Repeat("b", 64), Reason: "crashed"}} }, "quarantine", Warn, "quarantine forget bbbbbbbbbbbb"},
		{"clocks apart", func(s *Subject) { s.Status.Time = now.Add(time.Hour) }, "clock", Warn, "1h0m0s apart"},
	} {
		s := Subject{Status: good(), Now: now, Socket: "/x/admin.sock"}
		if row.change != nil {
			row.change(&s)
		}
		expect(t, row.name, Examine(t.Context(), s), row.check, row.result, row.words)
	}
}

func TestStateDir(t *testing.T) {
	asRoot := os.Geteuid() == 0
	for _, row := range []struct {
		name   string
		make   func(dir string) error
		result Result
		words  string
	}{
		{"good", nil, OK, "mode 0700"},
		{"not there", os.Remove, OK, "not there yet"},
		{"others may look", func(d string) error { return os.Chmod(d, 0o755) }, Warn, "chmod 700"},
		{"others may write", func(d string) error { return os.Chmod(d, 0o777) }, Fail, "chmod go-w"},
		{"the owner may not", func(d string) error { return os.Chmod(d, 0o500) }, Fail, "chmod 700"},
		{"a file", func(d string) error { return errors.Join(os.Remove(d), os.WriteFile(d, nil, 0o600)) }, Fail, "no directory"},
		{"a link", func(d string) error { return errors.Join(os.Remove(d), os.Symlink("/tmp", d)) }, Fail, "symbolic link"},
		{"another's", func(d string) error { return os.Chown(d, 65534, 65534) }, Fail, "chown -R"},
	} {
		if row.name == "another's" && !asRoot {
			continue
		}
		binary, dir := installed(t)
		if row.make != nil {
			if err := row.make(dir); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, row.name, Examine(t.Context(), Subject{Binary: binary, StateDir: dir}), "state directory", row.result, row.words)
	}
}

func TestBinary(t *testing.T) {
	binary, _ := installed(t)
	dir := filepath.Dir(binary)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	somebody := identity{known: true, uid: 65534, groups: []int{65534}}
	for _, row := range []struct {
		name   string
		mode   os.FileMode
		user   identity
		binary string
		result Result
		words  string
	}{
		{"root", 0o755, identity{known: true}, binary, OK, "can be replaced"},
		{"somebody", 0o755, somebody, binary, Fail, "may not write to " + dir},
		{"everybody may write", 0o777, identity{known: true}, binary, Warn, "chmod o-w"},
		{"sticky", 0o777 | os.ModeSticky, somebody, binary, Fail, "sticky"},
		{"nobody known", 0o755, identity{}, binary, Unknown, "run this as root"},
		{"gone", 0o755, identity{known: true}, binary + ".not", Fail, "put one there"},
		{"a directory", 0o755, identity{known: true}, dir, Fail, "no file"},
		{"not known", 0o755, identity{known: true}, "", Unknown, "not known which"},
	} {
		if err := os.Chmod(dir, row.mode); err != nil {
			t.Fatal(err)
		}
		var r report
		r.binary(Subject{Binary: row.binary}, host{user: row.user})
		expect(t, row.name, r, "binary", row.result, row.words)
	}
	if err := os.Chmod(binary, 0o600); err != nil {
		t.Fatal(err)
	}
	var r report
	r.binary(Subject{Binary: binary}, host{user: somebody})
	expect(t, "not executable", r, "binary", Fail, "neither readable nor executable")
}

// A real child stands for the live generation.
func TestOpenFiles(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	worker := func(limit string) int {
		cmd := exec.Command("sh", "-c", `ulimit -n "$0" && exec "$1"`, limit, self)
		cmd.Env = append(os.Environ(), roleVariable+"=wait", "GORACE=atexit_sleep_ms=0")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); cmd.Wait() })
		if _, err := out.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		return cmd.Process.Pid
	}
	status := func(pid int) *admin.Status {
		return &admin.Status{Live: 2, Generations: []admin.Generation{{Number: 2, PID: pid, Connections: &admin.Connections{Open: 7}}}}
	}
	s := Subject{PID: os.Getpid(), Status: status(worker("4096"))}
	expect(t, "many", Examine(t.Context(), s), "open files", OK, "of 4096, with 7 connections")
	s.Status = status(worker("40"))
	expect(t, "few", Examine(t.Context(), s), "open files", Fail, "LimitNOFILE=")
	s.Status = status(1)
	expect(t, "no child", Examine(t.Context(), s), "open files", Unknown, "no child")
}
