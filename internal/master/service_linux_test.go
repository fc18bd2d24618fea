package master

import (
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/systemd"
)

// told are the lines that the service manager has heard.
type told struct {
	t    *testing.T
	conn *net.UnixConn
}

// managed returns a master with a live generation whose worker speaks a version
// of the protocol, and its service manager.
func managed(t *testing.T, version int32) (*Master, *worker, told) {
	t.Helper()
	address := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", address)
	t.Setenv("WATCHDOG_USEC", "60000000") // the test looks by itself
	manager, _, err := systemd.Take()
	if err != nil {
		t.Fatal(err)
	}
	m := &Master{machine: machine.New(machine.Settings{}), workers: map[machine.Gen]*worker{}}
	m.cfg.Log = slog.New(slog.DiscardHandler)
	m.service = newService(m, manager)
	t.Cleanup(m.service.ticker.Stop)
	for _, ev := range []machine.Event{machine.Boot{}, machine.Spawned{Gen: 1}, machine.Greeted{Gen: 1}, machine.SaidReady{Gen: 1}, machine.Opened{Gen: 1}} {
		m.machine.Step(ev)
	}
	w := newWorker(m, 1)
	w.conn, _, err = handover.Pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	w.version.Store(version)
	m.workers[1] = w
	return m, w, told{t, conn}
}

// hears checks the lines of the messages that were sent, in order.
func (o told) hears(m *Master, want ...string) {
	o.t.Helper()
	if got := o.heard(m); !slices.Equal(got, want) {
		o.t.Errorf("the service manager heard %q, want %q", got, want)
	}
}

func (o told) heard(m *Master) []string {
	o.t.Helper()
	m.service.mail.do(func() { m.service.manager.Notify("END=1") })
	var got []string
	buf := make([]byte, 4<<10)
	for {
		o.conn.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := o.conn.Read(buf)
		if err != nil {
			o.t.Fatal(err)
		}
		if string(buf[:n]) == "END=1" {
			return got
		}
		got = append(got, strings.Split(string(buf[:n]), "\n")...)
	}
}

func TestWatchdogNeedsAnAnswer(t *testing.T) {
	m, w, manager := managed(t, 2)
	m.service.look()
	m.service.look() // one question at a time
	if len(w.out) != 1 {
		t.Fatalf("%d messages wait for the worker, want one", len(w.out))
	}
	ping := (<-w.out).(handover.Ping)
	manager.hears(m)
	m.service.answered(1, handover.Pong{ID: ping.ID + 1})
	m.service.answered(2, handover.Pong{ID: ping.ID})
	manager.hears(m)
	m.service.answered(1, handover.Pong{ID: ping.ID, Open: 2, Accepted: 5})
	manager.hears(m, "WATCHDOG=1", "STATUS=generation 1 is live, 2 connections open, 5 accepted")
	m.service.answered(1, handover.Pong{ID: ping.ID}) // twice
	manager.hears(m)
	m.service.look()
	if next := (<-w.out).(handover.Ping); next.ID == ping.ID {
		t.Errorf("the second question is %+v as the first was", next)
	}
}

func TestWatchdogOfAWorkerThatCannotAnswer(t *testing.T) {
	m, w, manager := managed(t, 1)
	m.service.look()
	if len(w.out) != 0 {
		t.Errorf("a worker of version 1 was told %+v", <-w.out)
	}
	manager.hears(m, "WATCHDOG=1")
}

func TestWatchdogWhileNoneIsLive(t *testing.T) {
	m, _, manager := managed(t, 2)
	m.machine.Step(machine.StopAsked{})
	m.service.look()
	manager.hears(m, "WATCHDOG=1")
}

func TestTimeIsAskedForAgain(t *testing.T) {
	m, _, manager := managed(t, 1)
	m.service.say(systemd.Reloading(), m.service.allow(time.Hour))
	m.service.until = time.Now().Add(time.Minute)
	m.service.tick()
	m.service.observe(machine.Opened{Gen: 1}) // which ends it
	m.service.tick()
	heard := manager.heard(m)
	asked := slices.DeleteFunc(heard, func(line string) bool { return !strings.HasPrefix(line, "EXTEND_TIMEOUT_USEC=") })
	if len(asked) != 2 || asked[0] != "EXTEND_TIMEOUT_USEC=3600000000" || len(asked[1]) != len("EXTEND_TIMEOUT_USEC=59999999") {
		t.Errorf("the service manager was asked for time by %q, want an hour, and the minute that was left", asked)
	}
}

// A manager that does not read must not be queued for without end.
func TestNoticesAreBounded(t *testing.T) {
	m, _, manager := managed(t, 1)
	hold := make(chan struct{})
	m.service.mail.do(func() { <-hold })
	for range 10 * queuedNotices {
		m.service.look()
	}
	if n := m.service.waiting.Load(); n > queuedNotices {
		t.Errorf("%d messages wait, want %d at most", n, queuedNotices)
	}
	close(hold)
	manager.hears(m, slices.Repeat([]string{"WATCHDOG=1"}, queuedNotices)...)
}
