//go:build unix

package overseer_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/admin"
)

// tells writes each event that the hook is given, and a trace that the program was.
var tells = register("tells", func() {
	c := webConfig()
	c.OnEvent = func(e overseer.Event) {
		fmt.Fprintf(os.Stderr, "event %d %s generation=%d actor=%q\n", e.ID, e.Kind, e.Generation, e.Actor)
	}
	c.Program = func(s overseer.State) {
		fmt.Fprintf(os.Stderr, "trace of generation %d is %q\n", s.Generation, os.Getenv("TRACEPARENT"))
		serveWeb(s)
	}
	overseer.Run(c)
})

var neverUpgrades = obeying("never upgrades", func(c *overseer.Config) { c.Fetcher = nil })

// An operator looks at a master as the command and the page do.
type operator struct {
	*admin.Client
	t      *testing.T
	stream *admin.Stream
	seen   []admin.Event
}

// operate connects to the master of a service that has begun.
func operate(t *testing.T, s *service) *operator {
	t.Helper()
	socket := adminSocket(t, s, filepath.Join(s.Dir, ".app.overseer"))
	o := &operator{Client: admin.Dial(socket), t: t}
	stream, err := o.Follow(t.Context(), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stream.Close)
	o.stream = stream
	return o
}

// adminSocket is that of a master: in its state directory, or where that has too
// long a path for one, in the directory for such things.
func adminSocket(t *testing.T, s *service, stateDir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "overseer", fmt.Sprintf("admin-*-%d.sock", s.PID)))
	if err != nil || len(found) > 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if len(found) == 1 {
		return found[0]
	}
	return filepath.Join(stateDir, "admin.sock")
}

// until waits for an event of a kind, and returns it.
func (o *operator) until(kind admin.Kind, words ...string) admin.Event {
	o.t.Helper()
	timer := time.AfterFunc(bound, o.stream.Close)
	defer timer.Stop()
	for {
		m, err := o.stream.Next()
		if err != nil {
			o.t.Fatalf("waiting for %s %q: %v; seen %v", kind, words, err, o.kinds())
		}
		if m.Event == nil {
			continue
		}
		o.seen = append(o.seen, *m.Event)
		if m.Event.Kind == kind && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Event.Reason, w) }) {
			return *m.Event
		}
	}
}

// untilAll waits for events of some kinds, in any order.
func (o *operator) untilAll(kinds ...admin.Kind) {
	o.t.Helper()
	from := len(o.seen)
	for _, k := range kinds {
		if !slices.ContainsFunc(o.seen[from:], func(e admin.Event) bool { return e.Kind == k }) {
			o.until(k)
		}
	}
}

func (o *operator) kinds() (all []string) {
	for _, e := range o.seen {
		all = append(all, string(e.Kind))
	}
	return all
}

func (o *operator) status() admin.Status {
	o.t.Helper()
	s, err := o.Status(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return s
}

// must is for an order that has to be taken.
func (o *operator) must(_ admin.Accepted, err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// refused is for one that has to be refused, for a reason with these words.
func (o *operator) refused(words string) func(admin.Accepted, error) {
	return func(_ admin.Accepted, err error) {
		o.t.Helper()
		conflict, ok := errors.AsType[*admin.Conflict](err)
		if !ok || !strings.Contains(conflict.Reason, words) {
			o.t.Errorf("the answer is %v, want a conflict with %q", err, words)
		}
	}
}

// TestOperator does, over the socket and under load, all that an operator can:
// look, restart, upgrade, end a trial, go back, hold, forget. No request is lost.
func TestOperator(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_PROBATION", never))
	s.live(1)
	o, ctx := operate(t, s), t.Context()
	o.until(admin.Live)
	clients := startWatch(t, s)
	why := admin.Order{Actor: "alice", Reason: "because"}

	var st admin.Status
	eventually(t, "the generation has said how many connections it has", func() bool {
		st = o.status()
		return len(st.Generations) != 1 || st.Generations[0].Connections != nil
	})
	if st.Name != "app" || st.Condition != admin.Serving || st.Live != 1 || len(st.Generations) != 1 || st.PID != s.PID || st.Addresses[0] != s.Address() {
		t.Errorf("status %+v", st)
	}
	if g := st.Generations[0]; g.PID == 0 || g.Release.Digest == "" || g.Usage.RSS == 0 || g.Phases[len(g.Phases)-1].Phase != admin.PhaseLive {
		t.Errorf("generation %+v", g)
	}
	if st.Source == nil || st.Operation != nil || st.Hold != nil || st.Refused != nil || len(st.Rollback) != 0 {
		t.Errorf("status %+v", st)
	}

	o.refused("generation 1 is live by now, and not 7")(o.Restart(ctx, admin.Order{Generation: 7}))
	o.must(o.Restart(ctx, why))
	if e := o.until(admin.RestartAsked); !strings.HasSuffix(e.Actor, "for alice") || e.Reason != "because" {
		t.Errorf("event %+v", e)
	}
	if e := o.until(admin.Live); e.Generation != 2 || !strings.HasSuffix(e.Actor, "for alice") {
		t.Errorf("event %+v", e)
	}
	o.until(admin.Gone)

	// A trial is ended by hand: the old generation is put back at once.
	o.refused("no release is on trial")(o.Rollback(ctx, why, admin.ToStandby))
	publish(t, s.Next, plan{Version: "2"})
	bad := o.until(admin.Trial).Release
	if st := o.status(); st.Condition != admin.OnTrial || st.Operation == nil || st.Operation.Stage != "trial" || st.Operation.Until == nil || !slices.Contains(st.Rollback, admin.ToStandby) {
		t.Errorf("status on trial %+v %+v", st, st.Operation)
	}
	o.refused("generation 3 is on trial")(o.Restart(ctx, why))
	o.refused("generation 3 is on trial")(o.Upgrade(ctx, why))
	o.must(o.Rollback(ctx, why, admin.ToStandby))
	o.until(admin.RolledBack, "asked by", "for alice: because")
	// Gone, too: until it has paused, the one on trial accepts beside the old one.
	o.untilAll(admin.Live, admin.Quarantined, admin.Gone)
	if got := answers(t, s); got != "1" {
		t.Errorf("version %q answers, want 1", got)
	}
	if st := o.status(); st.Refused == nil || st.Refused.Result != admin.ResultBack || st.Refused.To.Digest != bad {
		t.Errorf("the last refusal is %+v", st.Refused)
	}

	// What was rolled back stays out until it is forgotten and asked for.
	quarantine, err := o.Quarantine(ctx)
	if err != nil || len(quarantine) != 1 || quarantine[0].Digest != bad {
		t.Fatalf("quarantine %+v, %v", quarantine, err)
	}
	o.must(o.Upgrade(ctx, why))
	o.until(admin.NothingNew)
	if _, err := o.Forget(ctx, why, strings.Repeat("0", 64)); !errors.Is(err, admin.ErrNotFound) {
		t.Errorf("%v, want %v", err, admin.ErrNotFound)
	}
	o.must(o.Forget(ctx, why, bad))
	o.until(admin.Forgotten)

	// A hold keeps it out, too.
	o.refused("generation 2 is live by now")(o.Hold(ctx, admin.Order{Generation: 7}, time.Time{}))
	if _, err := os.Lstat(filepath.Join(s.Dir, ".app.overseer", "held.json")); !os.IsNotExist(err) {
		t.Errorf("a hold that was refused is on record: %v", err)
	}
	o.must(o.Hold(ctx, why, time.Time{}))
	o.until(admin.Held)
	o.refused("upgrades are held by")(o.Upgrade(ctx, why))
	if st := o.status(); st.Hold == nil || st.Hold.Reason != "because" {
		t.Errorf("hold %+v", st.Hold)
	}
	o.must(o.Release(ctx, why))
	o.until(admin.Released)
	o.refused("not held")(o.Release(ctx, why))
	o.must(o.Upgrade(ctx, why))
	if e := o.until(admin.Trial); e.Release != bad || !strings.HasSuffix(e.Actor, "for alice") {
		t.Errorf("event %+v", e)
	}
	o.must(o.SetLogLevel(ctx, why, "info"))
	o.until(admin.LogLevel)
	clients.sawNoLoss(t)
	s.stop()
}

// TestOperatorGoesBack installs a release, and goes back to the one before: that
// serves a probation of its own, and the one that was left is not tried again.
func TestOperatorGoesBack(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_PROBATION", "200ms"))
	s.live(1)
	o, ctx := operate(t, s), t.Context()
	o.refused("no previous program")(o.Rollback(ctx, admin.Order{}, admin.ToPrevious))
	clients := startWatch(t, s)
	publish(t, s.Next, plan{Version: "2"})
	left := o.until(admin.Committed).Release
	o.untilAll(admin.Succeeded, admin.Gone) // until it is gone the old one may answer too
	if got := answers(t, s); got != "2" {
		t.Errorf("version %q answers, want 2", got)
	}
	o.must(o.Rollback(ctx, admin.Order{Reason: "slow"}, admin.ToPrevious))
	o.until(admin.Trial)
	o.until(admin.Committed)
	from := len(o.seen)
	o.untilAll(admin.Quarantined, admin.Succeeded, admin.Gone)
	i := slices.IndexFunc(o.seen[from:], func(e admin.Event) bool { return e.Kind == admin.Quarantined })
	if e := o.seen[from+i]; e.Release != left || !strings.Contains(e.Reason, "rolled back asked by") {
		t.Errorf("event %+v", e)
	}
	if got := answers(t, s); got != "1" {
		t.Errorf("version %q answers, want 1", got)
	}
	mustHold(t, s.Binary, releaseBytes(t, plan{Version: "1"}))
	history, err := o.History(ctx, 10)
	if err != nil || len(history) != 2 || history[0].Result != admin.ResultDone || history[0].From.Digest != left || !strings.Contains(history[0].Actor, "uid") {
		t.Errorf("history %+v, %v", history, err)
	}
	for i, e := range o.seen {
		if e.ID != uint64(i+1) {
			t.Fatalf("event %d has ID %d: over two masters none may be missing", i+1, e.ID)
		}
	}
	clients.sawNoLoss(t)
	s.stop()
}

// TestEventsOutliveMasters: what was told, what is held and what was refused is
// known after a kill -9 of everything.
func TestEventsOutliveMasters(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_PROBATION", "200ms"))
	s.live(1)
	o := operate(t, s)
	publish(t, s.Next, plan{Version: "bad", Fault: "exit at start", ExitCode: 3})
	o.until(admin.Failed)
	o.until(admin.Quarantined)
	o.must(o.Hold(t.Context(), admin.Order{Reason: "freeze"}, time.Now().Add(time.Hour)))
	last := o.until(admin.Held)
	eventually(t, "the last event is on the disk", func() bool {
		text, _ := os.ReadFile(filepath.Join(s.Dir, ".app.overseer", "events.jsonl"))
		return strings.Contains(string(text), `"kind":"held"`)
	})
	s.killAll()
	s.wait()

	again := startService(t, faulty, inDir(s.Dir), env("TEST_PROBATION", "200ms"))
	again.live(1)
	next := operate(t, again)
	next.until(admin.Held)
	if got := next.until(admin.Started); got.ID != last.ID+1 {
		t.Errorf("the next event has ID %d, want %d", got.ID, last.ID+1)
	}
	st := next.status()
	if st.Hold == nil || st.Hold.Reason != "freeze" || st.Hold.Until == nil || st.Refused == nil || !strings.Contains(st.Refused.Reason, "code 3") || !strings.Contains(st.Refused.Output, "last words") {
		t.Errorf("hold %+v, refused %+v", st.Hold, st.Refused)
	}
	publish(t, again.Next, plan{Version: "2"})
	next.refused("held")(next.Upgrade(t.Context(), admin.Order{}))
	next.must(next.Release(t.Context(), admin.Order{}))
	next.until(admin.Committed)
	again.stop()
}

// TestOnEvent: the hook hears each event once and in order, over a replacement of
// the master; a trace of an order reaches the program.
func TestOnEvent(t *testing.T) {
	t.Parallel()
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	s := startService(t, tells, env("TEST_PROBATION", "100ms"))
	s.live(1)
	o := operate(t, s)
	publish(t, s.Next, plan{Version: "2"})
	o.until(admin.Succeeded)
	o.must(o.Restart(t.Context(), admin.Order{Trace: trace}))
	e := o.until(admin.Live)
	for e.Generation != 3 {
		e = o.until(admin.Live)
	}
	if e.Trace != trace {
		t.Errorf("the trace of the event is %q, want %q", e.Trace, trace)
	}
	s.await(1, `trace of generation 3 is "`+trace+`"`)
	s.stop()
	want := 0
	for line := range strings.Lines(s.Log()) {
		var id int
		var kind string
		if n, _ := fmt.Sscanf(line, "event %d %s", &id, &kind); n != 2 {
			continue
		}
		if want++; id != want {
			t.Fatalf("the hook heard event %d, want %d\n%s", id, want, line)
		}
	}
	if s.count("event ", " stopping ") != 1 || s.count("event ", " gone generation=3") != 1 {
		t.Error("the hook did not hear of the end")
	}
}

// A program without upgrades makes no directory beside itself; its socket is where
// such things are.
func TestOperatorOfAProgramWithoutUpgrades(t *testing.T) {
	t.Parallel()
	s := startService(t, neverUpgrades)
	s.live(1)
	socket := adminSocket(t, s, "")
	client := admin.Dial(socket)
	st, err := client.Status(t.Context())
	if err != nil || st.Socket != socket || st.Source != nil {
		t.Fatalf("%+v, %v", st, err)
	}
	if _, err := client.Upgrade(t.Context(), admin.Order{}); err == nil || !strings.Contains(err.Error(), "no source") {
		t.Errorf("%v, want that there is no source", err)
	}
	entries, err := os.ReadDir(s.Dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v beside the binary, want nothing", entries, err)
	}
	s.stop()
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if _, err := client.Status(context.Background()); err == nil {
		t.Error("a master that has ended answers")
	}
}

// TestStalledClients: 200 clients of the socket that never read hold up neither
// the master, nor another client, nor a request.
func TestStalledClients(t *testing.T) {
	t.Parallel()
	const stalled = 200
	s := startService(t, neverUpgrades)
	s.live(1)
	socket := adminSocket(t, s, "")
	for range stalled {
		c, err := net.Dial("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprintf(c, "GET /v1/events?samples=1 HTTP/1.1\r\nHost: overseer\r\nAccept: text/event-stream\r\n\r\n")
	}
	clients := startWatch(t, s)
	o := &operator{Client: admin.Dial(socket), t: t}
	var err error
	if o.stream, err = o.Follow(t.Context(), 0, false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.stream.Close)
	for i := range 10 {
		o.must(o.Restart(t.Context(), admin.Order{}))
		for o.until(admin.Live).Generation != i+2 {
		}
		eventually(t, "the restart is over", func() bool { return o.status().Condition == admin.Serving })
	}
	clients.sawNoLoss(t)
	s.stop()
}

var remotely = obeying("remotely", func(c *overseer.Config) {
	c.Fetcher = nil
	c.Admin = overseer.Admin{Address: "127.0.0.1:0", Token: "sesame", Socket: os.Getenv("TEST_SOCKET")}
	if os.Getenv("TEST_DISABLED") != "" {
		c.Admin = overseer.Admin{Disabled: true}
	}
})

// TestRemoteOperator: at a TCP address a token is asked for.
func TestRemoteOperator(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "a.sock")
	s := startService(t, remotely, env("TEST_SOCKET", socket))
	s.live(1)
	var address string
	for _, one := range listening(t, s.PID) {
		if one != s.Address() {
			address = one
		}
	}
	for _, row := range []struct {
		token string
		code  int
	}{{"sesame", 0}, {"open", 401}, {"", 401}} {
		_, err := admin.NewClient(admin.Remote{URL: "http://" + address, Token: row.token}).Status(t.Context())
		if refused, ok := errors.AsType[*admin.StatusError](err); row.code == 0 && err != nil || row.code != 0 && (!ok || refused.Code != row.code) {
			t.Errorf("with the token %q: %v, want code %d", row.token, err, row.code)
		}
	}
	if st, err := admin.Dial(socket).Status(t.Context()); err != nil || st.Socket != socket {
		t.Errorf("%+v, %v", st.Socket, err)
	}
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v, want mode 0600", info, err)
	}
	s.stop()
}

// listening returns the TCP addresses on loopback that a process listens on, by
// proc(5).
func listening(t *testing.T, pid int) (all []string) {
	t.Helper()
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{}
	for _, fd := range fds {
		if link, err := os.Readlink(fd); err == nil {
			own[strings.TrimSuffix(strings.TrimPrefix(link, "socket:["), "]")] = true
		}
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line)
		const listens = "0A"
		var ip, port uint32
		if len(fields) > 9 && fields[3] == listens && own[fields[9]] {
			if n, _ := fmt.Sscanf(fields[1], "%x:%x", &ip, &port); n == 2 {
				all = append(all, fmt.Sprintf("127.0.0.1:%d", port))
			}
		}
	}
	return all
}

// TestAdminDisabled: nobody can look, and nothing is left in any directory.
func TestAdminDisabled(t *testing.T) {
	t.Parallel()
	s := startService(t, remotely, env("TEST_DISABLED", "yes"))
	s.live(1)
	socket := adminSocket(t, s, "")
	if _, err := os.Lstat(socket); !os.IsNotExist(err) {
		t.Errorf("there is a socket: %v", err)
	}
	if got := listening(t, s.PID); len(got) != 1 {
		t.Errorf("the master listens on %v, want the program's address alone", got)
	}
	s.stop()
}
