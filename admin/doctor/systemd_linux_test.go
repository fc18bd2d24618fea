package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

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
