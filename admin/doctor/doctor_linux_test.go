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

	"aead.dev/minisign"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/release"
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

// examineOn examines a program on a tmpfs that is mounted with options, in a mount
// namespace of its own; prepare is sh that runs there before.
func examineOn(t *testing.T, options, prepare string) []Finding {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a filesystem")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := `set -e; mount -t tmpfs -o "$1" none "$0"; mkdir -m 700 "$0/state"; head -c 40000 /dev/zero >"$0/app"; chmod 755 "$0/app"; ` + prepare + `; exec "$2"`
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--", "sh", "-c", script, dir, options, self)
	cmd.Env = append(os.Environ(), roleVariable+"=examine", "TEST_BINARY="+filepath.Join(dir, "app"), "TEST_STATE="+filepath.Join(dir, "state"), "GORACE=atexit_sleep_ms=0")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var found []Finding
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return found
}

func TestFilesystems(t *testing.T) {
	t.Parallel()
	good := examineOn(t, "size=1m", ":")
	expect(t, "good", good, "mounts", OK, "")
	expect(t, "good", good, "disk space", OK, "free")
	for _, f := range of(examineOn(t, "size=1m,noexec", ":"), "mounts") {
		if f.Result != Fail || !strings.Contains(f.Found, "noexec") {
			t.Errorf("noexec: %+v", f)
		}
	}
	for _, f := range of(examineOn(t, "size=1m", `mount -o remount,ro "$0"`), "mounts") {
		if f.Result != Fail || !strings.Contains(f.Found, "read-only") {
			t.Errorf("read-only: %+v", f)
		}
	}
	expect(t, "full", examineOn(t, "size=256k", `head -c 210000 /dev/zero >"$0/fill" || :`), "disk space", Fail, "make room")
	expect(t, "nearly full", examineOn(t, "size=256k", `head -c 130000 /dev/zero >"$0/fill"`), "disk space", Warn, "make room")
	expect(t, "no inodes", examineOn(t, "size=1m,nr_inodes=8", ":"), "disk space", Fail, "more files")
}

func TestKeys(t *testing.T) {
	public, _, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := public.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	good := filepath.Join(t.TempDir(), "release.pub")
	if err := os.WriteFile(good, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		key    string
		result Result
		words  string
	}{
		{good, OK, "minisign"},
		{public.String(), OK, "minisign"},
		{"RWgarbage", Fail, "no public key"},
		{good + ".not", Fail, "cannot be read"},
		{"/dev/zero", Fail, "no file"},
	} {
		expect(t, row.key, Examine(t.Context(), Subject{Keys: []string{row.key}}), "public key", row.result, row.words)
	}
}

// remember writes what a trust policy remembers of a product.
func remember(t *testing.T, dir string, issued, expires time.Time) {
	t.Helper()
	public, _, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := release.KeyList{Product: "app", Seq: 4, Issued: expires.Add(-24 * time.Hour), Expires: expires, Threshold: 1, Keys: []release.Key{{Public: public.String()}}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"format": 1, "product": "app", "issued": issued, "keys": list})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "trust-manifest-app"), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsRemembered(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	for _, row := range []struct {
		name            string
		issued, expires time.Duration // from now
		check           string
		result          Result
		words           string
	}{
		{"fine", -time.Hour, 90 * 24 * time.Hour, "key list", OK, "number 4"},
		{"soon", -time.Hour, 3 * 24 * time.Hour, "key list", Warn, "keys renew"},
		{"expired", -time.Hour, -time.Minute, "key list", Fail, "has expired"},
		{"the clock is behind", time.Hour, 90 * 24 * time.Hour, "clock", Fail, "clock is behind"},
	} {
		_, dir := installed(t)
		remember(t, dir, now.Add(row.issued), now.Add(row.expires))
		if err := os.WriteFile(filepath.Join(dir, "trust-other"), []byte("no JSON"), 0o600); err != nil {
			t.Fatal(err)
		}
		expect(t, row.name, Examine(t.Context(), Subject{StateDir: dir, Now: now}), row.check, row.result, row.words)
	}
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

func TestUnit(t *testing.T) {
	good := map[string]string{
		"Type": "notify", "NotifyAccess": "main", "FileDescriptorStoreMax": "16", "KillMode": "process", "Restart": "on-failure", "OOMPolicy": "continue",
		"WatchdogUSec": "30s", "WatchdogSignal": "9", "ExecReload": "{ path=/bin/kill ; argv[]=/bin/kill -USR2 $MAINPID ; }", "NeedDaemonReload": "no",
	}
	var r report
	r.unit("app.service", good, 2)
	expect(t, "good", r, "systemd", OK, "")
	for line, want := range map[string]struct {
		result Result
		advice string
	}{
		"Type=simple":              {Warn, "Type=notify"},
		"NotifyAccess=none":        {Fail, "remove the line"},
		"NotifyAccess=all":         {Warn, "remove the line"},
		"FileDescriptorStoreMax=0": {Warn, "FileDescriptorStoreMax=16"},
		"FileDescriptorStoreMax=1": {Warn, "less than the 2"},
		"KillMode=control-group":   {Warn, "KillMode=process"},
		"KillMode=none":            {Fail, "KillMode=process"},
		"Restart=no":               {Warn, "Restart=on-failure"},
		"OOMPolicy=stop":           {Warn, "OOMPolicy=continue"},
		"WatchdogSignal=6":         {Warn, "SIGKILL"},
		"ExecReload=":              {Warn, "-USR2"},
		"ExecReload=kill -HUP":     {Warn, "-USR2"},
		"NeedDaemonReload=yes":     {Warn, "daemon-reload"},
	} {
		key, value, _ := strings.Cut(line, "=")
		bad := map[string]string{}
		for k, v := range good {
			bad[k] = v
		}
		bad[key] = value
		var r report
		r.unit("app.service", bad, 2)
		expect(t, line, r, "systemd", want.result, want.advice)
	}
}

func TestUnitIn(t *testing.T) {
	for text, want := range map[string]string{
		"0::/system.slice/app.service\n":                                           "app.service",
		"12:pids:/x.service\n1:name=systemd:/system.slice/app@1.service/workers\n": "app@1.service",
		"0::/user.slice/user-0.slice/user@0.service/app.slice/mine.service\n":      "mine.service of a user",
		"0::/user.slice/user-0.slice/session-1.scope\n":                            "",
		"0::/\n":    "",
		"garbage\n": "",
	} {
		unit, users := unitIn(text)
		if users {
			unit += " of a user"
		}
		if unit != want {
			t.Errorf("%q is of %q, want %q", text, unit, want)
		}
	}
}

// What systemctl writes is read, and what it complains of is said.
func TestShow(t *testing.T) {
	dir := t.TempDir()
	fake := func(script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "systemctl"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	fake(`test "$1" = show && test "$6" = app.service && printf 'LoadState=loaded\nKillMode=mixed\nExecReload={ a=b }\n'`)
	has, err := show(t.Context(), "app.service")
	if err != nil || has["KillMode"] != "mixed" || has["ExecReload"] != "{ a=b }" {
		t.Errorf("%v, %v", has, err)
	}
	fake("echo LoadState=not-found")
	if _, err := show(t.Context(), "app.service"); err == nil || !strings.Contains(err.Error(), "does not know") {
		t.Errorf("%v", err)
	}
	fake("echo no bus >&2; exit 1")
	if _, err := show(t.Context(), "app.service"); err == nil || !strings.Contains(err.Error(), "no bus") {
		t.Errorf("%v", err)
	}
	fake("exec sleep 3600")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := show(ctx, "app.service"); err == nil {
		t.Error("it is waited for without a bound")
	}
}

// systemctl that says nothing does not hold the doctor up, and is no failure.
func TestSystemdIsAsked(t *testing.T) {
	var r report
	s := Subject{PID: os.Getpid(), Show: func(context.Context, string) (map[string]string, error) { return nil, errors.New("no bus") }}
	r.systemd(t.Context(), s)
	if len(r) != 1 || r[0].Result == Fail {
		t.Errorf("it is %+v", r)
	}
}
