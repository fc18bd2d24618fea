package overseer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/cli"
	"github.com/seed-3d078585/overseer/fetcher"
)

// steered has the commands, and looks for a release when it is told to.
var steered = register("steered", func() {
	c := webConfig()
	c.MinFetchInterval = time.Hour
	c.Fetcher.(*fetcher.File).Interval = time.Hour
	c.Program = serveWeb
	overseer.HandleCLI(c, "")
	overseer.Run(c)
})

// aside has no state, and so its socket elsewhere; and another word.
var aside = register("aside", func() {
	c := webConfig()
	c.Fetcher = nil
	c.Program = serveWeb
	overseer.HandleCLI(c, "ctl")
	overseer.Run(c)
})

// ordered runs one command of the service's own binary.
func (s *service) ordered(code int, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.Binary, args...)
	cmd.Env = s.cmd.Env
	cmd.Dir = "/"
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		s.t.Errorf("%q ends with code %d, want %d:\n%s%s", args, got, code, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

// hears checks what a command has written.
func (s *service) hears(text string, words ...string) {
	s.t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			s.t.Errorf("it does not say %q:\n%s", w, text)
		}
	}
}

// TestCLIOfAProgram has a program's own binary steer the service that runs from
// it: restarts, upgrades good and bad, and a rollback, each followed to its end.
func TestCLIOfAProgram(t *testing.T) {
	t.Parallel()
	s := startService(t, steered)
	s.live(1)
	s.hears(s.ordered(cli.ExitDone, "overseer", "status"), "app is serving", "generation 1")
	s.hears(s.ordered(cli.ExitDone, "overseer", "restart", "--reason", "a test"), "starting, generation 2", "generation 2 is live")

	s.hears(s.ordered(cli.ExitDone, "overseer", "upgrade"), "nothing new")
	writeRelease(t, s.Next, plan{Version: "bad", Fault: "exit at start", ExitCode: 3})
	s.hears(s.ordered(cli.ExitFailed, "overseer", "upgrade"), "upgrade failed")
	s.await(1, "msg=quarantined") // which is written when it has failed
	s.hears(s.ordered(cli.ExitDone, "overseer", "quarantine"), "RELEASE")
	s.hears(s.ordered(cli.ExitDone, "overseer", "status"), "refused")

	writeRelease(t, s.Next, plan{Version: "2"})
	s.hears(s.ordered(cli.ExitDone, "overseer", "upgrade"), "trial, generation", "is installed")
	var o cli.Outcome
	text := s.ordered(cli.ExitDone, "overseer", "rollback", "--to", "previous", "--json")
	if err := json.Unmarshal([]byte(text), &o); err != nil || o.Result != cli.Installed {
		t.Errorf("%v: %s", err, text)
	}
	s.hears(s.ordered(cli.ExitDone, "overseer", "history"), "committed")
	s.hears(s.ordered(cli.ExitDone, "overseer", "hold", "--for", "1h"), "upgrades are held")
	s.hears(s.ordered(cli.ExitDone, "overseer", "unhold"), "upgrades go on")
	s.hears(s.ordered(cli.ExitDone, "overseer", "events", "-n", "5"), string(admin.Released))
	s.hears(s.ordered(cli.ExitUsage, "overseer", "staus"), `no command "staus"`)
	s.stop()
	s.hears(s.ordered(cli.ExitNotFound, "overseer", "status"), filepath.Join(s.Dir, ".app.overseer"))
}

// TestCLIFindsTheServiceOfItsConfig: two services of the same name, neither of
// which has a state directory: each binary finds its own.
func TestCLIFindsTheServiceOfItsConfig(t *testing.T) {
	t.Parallel()
	a, b := startService(t, aside), startService(t, aside)
	a.live(1)
	b.live(1)
	for _, s := range []*service{a, b} {
		var st admin.Status
		text := s.ordered(cli.ExitDone, "ctl", "status", "--json")
		if err := json.Unmarshal([]byte(text), &st); err != nil || st.PID != s.PID {
			t.Errorf("it finds process %d, want %d (%v)", st.PID, s.PID, err)
		}
	}
	a.stop()
	a.hears(a.ordered(cli.ExitNotFound, "ctl", "status"), "no running master of "+a.Binary)
}

// TestCLIEndsATrial: rollback without a target puts the standby back, and whoever
// follows the upgrade learns of it.
func TestCLIEndsATrial(t *testing.T) {
	t.Parallel()
	s := startService(t, steered, env("TEST_PROBATION", never))
	s.live(1)
	writeRelease(t, s.Next, plan{Version: "2"})
	upgrade := make(chan string, 1)
	go func() { upgrade <- s.ordered(cli.ExitFailed, "overseer", "upgrade") }()
	operate(t, s).until(admin.Trial)
	s.hears(s.ordered(cli.ExitDone, "overseer", "status"), "app is on trial", "upgrade to", "possible to standby")
	s.hears(s.ordered(cli.ExitConflict, "overseer", "restart", "--generation", "1"), "generation 2")
	s.hears(s.ordered(cli.ExitDone, "overseer", "rollback", "--reason", "it is slow"), "generation 1 is live")
	s.hears(<-upgrade, "lost its trial", "the one before is put back")
	s.hears(s.ordered(cli.ExitConflict, "overseer", "rollback"), "nothing to go back to")
	s.await(1, "msg=quarantined") // which is written when it is put back
	var all struct{ Quarantine []admin.Entry }
	text := s.ordered(cli.ExitDone, "overseer", "quarantine", "--json")
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all.Quarantine) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	s.ordered(cli.ExitDone, "overseer", "quarantine", "forget", all.Quarantine[0].Digest[:8])
	s.stop()
}
