package cli

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

var (
	digestB  = strings.Repeat("b2", 32)
	starting = admin.Event{Kind: admin.Starting, Generation: 2}
	startB   = admin.Event{Kind: admin.Starting, Generation: 2, Release: digestB, Version: "1.1.0"}
	trialB   = admin.Event{Kind: admin.Trial, Generation: 2, Release: digestB}
	fetchedB = admin.Event{Kind: admin.Fetched, Release: digestB, Version: "1.1.0"}
	putBack  = admin.Event{Kind: admin.Live, Generation: 1, Reason: "put back"}
)

func TestOrders(t *testing.T) {
	commitB := admin.Event{Kind: admin.Committed, Release: digestB, Version: "1.1.0"}
	lostB := admin.Event{Kind: admin.RolledBack, Generation: 2, Release: digestB, Reason: "probe failed: status 500", Output: "panic: \x1b[31mred"}
	for _, row := range []struct {
		name   string
		args   string
		asked  admin.Kind
		events []admin.Event
		code   int
		result Result
		want   string // in what a person reads
	}{
		{"restart", "restart", admin.RestartAsked,
			[]admin.Event{starting, {Kind: admin.Live, Generation: 2}, {Kind: admin.Gone, Generation: 1}},
			ExitDone, IsLive, "generation 2 is live"},
		{"restart that fails", "restart", admin.RestartAsked,
			[]admin.Event{starting, {Kind: admin.Failed, Generation: 2, Reason: "not ready within 1m0s", Output: "no such file"}, {Kind: admin.Gone, Generation: 2}},
			ExitFailed, HasFailed, "not ready within 1m0s"},
		{"restart, the one under way is another's", "restart", admin.RestartAsked,
			[]admin.Event{{Kind: admin.Live, Generation: 2}, {Kind: admin.Starting, Generation: 3}, {Kind: admin.Live, Generation: 3}},
			ExitDone, IsLive, "generation 3 is live"},
		{"restart finds another binary", "restart", admin.RestartAsked,
			[]admin.Event{startB, trialB, commitB, {Kind: admin.Live, Generation: 2}},
			ExitDone, Installed, "1.1.0 (b2b2b2b2b2b2) is installed"},
		{"restart while stopping", "restart", admin.RestartAsked,
			[]admin.Event{{Kind: admin.Stopping, Reason: "SIGTERM"}},
			ExitFailed, HasFailed, "being stopped: SIGTERM"},
		{"upgrade", "upgrade", admin.UpgradeAsked,
			[]admin.Event{fetchedB, startB, trialB, commitB, {Kind: admin.Live, Generation: 2}},
			ExitDone, Installed, "1.1.0 (b2b2b2b2b2b2) is installed; generation 2 is live"},
		{"upgrade, there is nothing new", "upgrade", admin.UpgradeAsked,
			[]admin.Event{{Kind: admin.NothingNew}},
			ExitDone, NothingNew, "there is nothing new"},
		{"upgrade that is refused", "upgrade", admin.UpgradeAsked,
			[]admin.Event{{Kind: admin.Refused, Release: digestB, Reason: "preflight: exit code 3"}},
			ExitFailed, WasRefused, "preflight: exit code 3"},
		{"upgrade, the source fails", "upgrade", admin.UpgradeAsked,
			[]admin.Event{{Kind: admin.FetchFailed, Reason: "no such host"}},
			ExitFailed, HasFailed, "no such host"},
		{"upgrade that fails", "upgrade", admin.UpgradeAsked,
			[]admin.Event{fetchedB, startB, {Kind: admin.Failed, Generation: 2, Release: digestB, Reason: "exited with code 1"}, {Kind: admin.Quarantined, Release: digestB}},
			ExitFailed, HasFailed, "exited with code 1"},
		{"upgrade that loses its trial", "upgrade", admin.UpgradeAsked,
			[]admin.Event{fetchedB, startB, trialB, lostB, {Kind: admin.Quarantined, Release: digestB}, putBack},
			ExitFailed, WentBack, "probe failed: status 500"},
		{"upgrade that crashes on trial", "upgrade", admin.UpgradeAsked,
			[]admin.Event{fetchedB, startB, trialB, {Kind: admin.Exited, Generation: 2}, lostB, putBack},
			ExitFailed, WentBack, "the one before is put back"},
		{"upgrade that waits", "upgrade", admin.UpgradeAsked,
			[]admin.Event{fetchedB, {Kind: admin.Waiting, Release: digestB, Reason: "it gets its trial at the next restart"}},
			ExitDone, Staged, "waits: it gets its trial at the next restart"},
		{"upgrade that is put off first", "upgrade", admin.UpgradeAsked,
			[]admin.Event{fetchedB, {Kind: admin.Deferred, Release: digestB}, startB, trialB, commitB},
			ExitDone, Installed, "is installed"},
		{"rollback during a trial", "rollback --to standby", admin.RollbackAsked,
			[]admin.Event{lostB, putBack},
			ExitDone, IsLive, "generation 1 is live"},
		{"rollback to the binary before", "rollback --to previous --reason slow", admin.RollbackAsked,
			[]admin.Event{startB, trialB, commitB},
			ExitDone, Installed, "is installed"},
		{"rollback to the binary before, which fails", "rollback --to previous", admin.RollbackAsked,
			[]admin.Event{startB, trialB, lostB, putBack},
			ExitFailed, WentBack, "lost its trial"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Emit(admin.Event{Kind: admin.Live, Generation: 1})
			b.then(row.asked, row.events...)
			got := b.run(strings.Fields(row.args)...)
			if got.code != row.code || !strings.Contains(got.out+got.err, row.want) {
				t.Errorf("code %d, want %d, and %q in:\n%s%s", got.code, row.code, row.want, got.out, got.err)
			}
			if strings.ContainsRune(got.out+got.err, '\x1b') {
				t.Errorf("an escape sequence of a stranger's got through: %q", got.out+got.err)
			}
			b = newBench(t)
			b.then(row.asked, row.events...)
			got = b.run(append(strings.Fields(row.args), "--json")...)
			var o Outcome
			if err := json.Unmarshal([]byte(got.out), &o); err != nil {
				t.Fatalf("%v in %s", err, got.out)
			}
			if got.code != row.code || o.Result != row.result || o.Order != strings.Fields(row.args)[0] || len(o.Events) == 0 {
				t.Errorf("code %d, want %d; result %q, want %q: %+v", got.code, row.code, o.Result, row.result, o)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	dead := newBench(t)
	dead.env.Socket = dead.socket + ".not"
	for _, row := range []struct {
		name string
		make func(*bench)
		args string
		code int
		want string
	}{
		{"usage", nil, "status now", ExitUsage, "takes no arguments"},
		{"unknown flag", nil, "status --nonsense", ExitUsage, "overseer help status says more"},
		{"two places", nil, "status --pid 1 --name app", ExitUsage, "give one"},
		{"bad target", nil, "rollback --to yesterday", ExitUsage, "want one of standby, previous"},
		{"bad level", nil, "log-level loud", ExitUsage, "want one of debug"},
		{"bad kind", nil, "events --kind noise", ExitUsage, "want one of starting"},
		{"bad time", nil, "hold --until yesterday", ExitUsage, "RFC 3339"},
		{"a time that is over", nil, "hold --until 2001-01-01", ExitUsage, "over already"},
		{"both times", nil, "hold --for 2h --until 18:00", ExitUsage, "give one"},
		{"no command", nil, "staus", ExitUsage, `no command "staus"`},
		{"no socket", func(b *bench) { b.env.Socket += ".not" }, "status", ExitNotFound, "the service does not run"},
		{"no release", nil, "quarantine forget abc", ExitNotFound, `begins with "abc"`},
		{"refused", func(b *bench) { b.Refuse("an upgrade is under way") }, "restart", ExitConflict, "an upgrade is under way"},
		{"another generation", nil, "restart --generation 7", ExitConflict, "generation 1 is live, not 7"},
		{"nothing to go back to", nil, "rollback", ExitConflict, "nothing to go back to"},
		{"no end", nil, "restart --timeout 3s", ExitTimeout, "it may still happen"},
		{"hangs", func(b *bench) { b.Hang(true) }, "status --timeout 200ms", ExitTimeout, ""},
		{"fails", func(b *bench) { b.Fail(errors.New("the owner is gone")) }, "status", ExitFailed, "the owner is gone"},
		{"nothing is live", func(b *bench) {
			b.ChangeStatus(func(s *admin.Status) { s.Live, s.Condition = 0, admin.Down })
		}, "status --check", ExitFailed, "no generation is live"},
		{"not waited for", nil, "restart --no-wait", ExitDone, "restart is ordered"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if row.make != nil {
				row.make(b)
			}
			args := strings.Fields(row.args)
			if got := b.run(args...); got.code != row.code || !strings.Contains(got.out+got.err, row.want) {
				t.Errorf("code %d, want %d, and %q in:\n%s%s", got.code, row.code, row.want, got.out, got.err)
			}
			if row.code == ExitDone || row.code == ExitUsage {
				return
			}
			got := b.run(append(args, "--json")...)
			dec := json.NewDecoder(strings.NewReader(got.out))
			found := false
			for dec.More() {
				var f map[string]any
				if err := dec.Decode(&f); err != nil {
					t.Fatalf("%v in %s", err, got.out)
				}
				found = found || f["error"] != nil && int(f["exit"].(float64)) == row.code || f["result"] == string(Unknown)
			}
			if !found && row.name != "nothing is live" {
				t.Errorf("--json writes no error: %s", got.out)
			}
		})
	}
}

// An order that falls into the moment in which the master is replaced is given
// again; another refusal is final.
func TestOrderWhileReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.RefuseFor(admin.Conflict{Reason: "the master is being replaced", Passing: true})
	b.then(admin.RestartAsked, starting, admin.Event{Kind: admin.Live, Generation: 2})
	code := make(chan ran, 1)
	go func() { code <- b.run("restart") }()
	timeout := time.Now().Add(patience)
	for len(b.Orders()) < 2 { // there is no event of a refusal
		if time.Now().After(timeout) {
			t.Fatal("it is not ordered again")
		}
		time.Sleep(time.Millisecond)
	}
	b.Refuse("")
	if got := <-code; got.code != ExitDone {
		t.Errorf("code %d: %s%s", got.code, got.out, got.err)
	}
}

// Ctrl-C ends the waiting: what was ordered goes on, and the code says so.
func TestCtrlCEndsTheWaiting(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, interrupt := contextOf(t)
	progress := newSyncBuffer()
	e := b.env
	e.Stderr = progress
	code := make(chan int, 1)
	go func() { code <- Main(ctx, e, []string{"restart"}) }()
	progress.await(t, "progress", func(s string) bool { return strings.Contains(s, "restart-asked") })
	interrupt()
	if c := <-code; c != ExitTimeout || !strings.Contains(progress.String(), "what was ordered goes on") {
		t.Errorf("code %d: %s", c, progress)
	}
}

// A master that goes while it is followed: what became of the order is not
// known.
func TestMasterGoesWhileFollowed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.env.Socket = b.socket
	progress := newSyncBuffer()
	e := b.env
	e.Stderr = progress
	code := make(chan int, 1)
	ctx, _ := contextOf(t)
	go func() { code <- Main(ctx, e, []string{"restart", "--timeout", "5s"}) }()
	progress.await(t, "progress", func(s string) bool { return strings.Contains(s, "restart-asked") })
	b.stop()
	if c := <-code; c != ExitTimeout || !strings.Contains(progress.String(), "may still happen") {
		t.Errorf("code %d: %s", c, progress)
	}
}
