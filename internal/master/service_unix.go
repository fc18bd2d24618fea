//go:build unix

package master

import (
	"sync/atomic"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/systemd"
)

const (
	// statusInterval is the time between two looks at the live generation where
	// the manager has no watchdog.
	statusInterval = 5 * time.Second

	// queuedNotices bounds what waits for a manager that does not read: of what
	// comes by itself again no more is queued.
	queuedNotices = 16
)

// A service tells the manager of the service how it stands. It belongs to the
// owner; a nil service does nothing. Messages are sent beside the owner, in
// order: a manager that does not read holds up nobody.
type service struct {
	m        *Master
	manager  *systemd.Service
	standing standing
	until    time.Time // how long what is under way may take; zero: nothing is
	status   string    // said last
	mail     *disk     // sends one message after the other
	waiting  atomic.Int32
	ticker   *time.Ticker
	warned   atomic.Bool // that the manager cannot be told anything

	asked  handover.Ping // the last one
	of     machine.Gen   // who was asked, 0: it has answered
	counts connections
}

func newService(m *Master, manager *systemd.Service) *service {
	if manager == nil {
		return nil
	}
	interval := statusInterval
	if manager.Watchdog > 0 {
		interval = max(manager.Watchdog/looksPerWatchdog, time.Millisecond)
	}
	return &service{m: m, manager: manager, mail: newDisk(), ticker: time.NewTicker(interval)}
}

// begin gives the sockets into the manager's keeping, and says that a start may
// take as long as the first generation may.
func (s *service) begin() {
	if s == nil {
		return
	}
	for _, each := range s.m.cfg.Sockets {
		if !s.store(each) {
			break
		}
	}
	s.say(systemd.Status("the first generation comes up"), s.allow(s.m.startBound()))
}

// stands is the standing for the successor's resume.
func (s *service) stands() string {
	if s == nil {
		return ""
	}
	return string(s.standing)
}

// resume goes on where the master before has left off. It may have begun a
// reload that a restart which waits is about to bring to its end.
func (s *service) resume(before string) {
	if s != nil {
		s.standing = standing(before)
	}
}

// still reports whether the manager has been told all that there was to say.
func (s *service) still() bool { return s == nil || s.mail.still() }

// forget has the manager give up a socket that is retired.
func (s *service) forget(each *socket.Socket) {
	name := each.Record().StoreName
	if s == nil || name == "" {
		return
	}
	address := each.Address()
	s.mail.do(func() {
		if err := s.manager.Remove(name); err != nil {
			s.m.cfg.Log.Warn("a socket that is not needed any more stays with the service manager", "address", address, "error", err)
		}
	})
}

// keep has the manager keep a socket that was bound while the service runs.
func (s *service) keep(each *socket.Socket) {
	if s != nil {
		s.mail.do(func() { s.store(each) })
	}
}

// store has the manager keep a socket for the next start of the service. It
// returns false where the manager cannot be told anything.
func (s *service) store(each *socket.Socket) bool {
	name := each.Record().StoreName
	if s == nil || name == "" {
		return true
	}
	if err := s.manager.Store(int(each.FD()), name); err != nil {
		s.m.cfg.Log.Warn("sockets are not kept for the next start of the service", "address", each.Address(), "error", err)
		return false
	}
	return true
}

// allow asks for so much time for what begins now.
func (s *service) allow(d time.Duration) systemd.State {
	s.until = time.Now().Add(d)
	return systemd.ExtendTimeout(d)
}

// observe says what an event has changed.
func (s *service) observe(ev machine.Event) {
	if s == nil {
		return
	}
	_, asked := ev.(machine.RestartAsked)
	snapshot := s.m.machine.Snapshot()
	if _, fired := ev.(machine.Opened); fired {
		s.counts = connections{} // those of another generation
	}
	is, say := s.standing.next(snapshot, asked)
	s.standing = is
	if say {
		switch is {
		case standingReady:
			s.until = time.Time{}
			s.say(systemd.Ready)
		case standingReloading:
			s.say(systemd.Reloading(), s.allow(s.m.reloadBound()))
		case standingStopping:
			s.say(systemd.Stopping, s.allow(s.m.stopBound()))
		}
	}
	s.tellStatus()
}

func (s *service) tellStatus() {
	text := statusText(s.m.machine.Snapshot(), s.counts)
	if text != s.status && s.waiting.Load() < queuedNotices {
		s.status = text
		s.say(systemd.Status(text))
	}
}

// say sends states in one message, after those that were said before.
func (s *service) say(states ...systemd.State) {
	s.waiting.Add(1)
	s.mail.do(func() {
		defer s.waiting.Add(-1)
		if err := s.manager.Notify(states...); err != nil && !s.warned.Swap(true) {
			s.m.cfg.Log.Warn("the service manager does not hear this service", "error", err)
		}
	})
}

// close waits, within a bound, until the manager has taken in what was said: it
// must not hear of the end first.
func (s *service) close() {
	if s == nil {
		return
	}
	s.ticker.Stop()
	s.mail.do(func() { s.manager.Barrier(systemd.SendTimeout) }) // best effort: the process ends
	s.mail.close(2 * systemd.SendTimeout)
}

// startBound is how long the first generation may take to be live.
func (m *Master) startBound() time.Duration {
	return m.cfg.Settings.ReadyTimeout + m.cfg.Settings.OpenTimeout
}

// reloadBound is how long a restart may take that was asked for at the worst
// moment: the beginning of a trial.
func (m *Master) reloadBound() time.Duration {
	d := m.startBound() + m.cfg.Settings.Probation
	if m.cfg.Settings.Sequential {
		d += m.cfg.Settings.TerminateTimeout
	}
	return d
}

// stopBound is how long the end may take: the drain, the kill, and what runs
// beside.
func (m *Master) stopBound() time.Duration {
	return m.cfg.Settings.TerminateTimeout + m.cfg.Settings.FinalTimeout + 2*closingTimeout
}
