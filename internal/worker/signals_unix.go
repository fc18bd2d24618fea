//go:build unix

package worker

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// A signal that asks the whole service to end reaches a worker on two ways: the
// master passes it on, and a service manager that signals each process of the
// service (systemd's KillMode=control-group) sends it too. The program must see
// it once: a second one means "at once" to many programs.
const (
	// directGrace is how long the master's word waits for the direct signal.
	directGrace = 50 * time.Millisecond
	// aloneGrace is how long a direct signal waits for the master's word. If
	// none comes, the signal was meant for this process alone, which then
	// drains and ends as it would have ended on its own.
	aloneGrace = time.Second
)

// signals watches SIGTERM and SIGINT for a program that drains: without it they
// would end the process, and the requests in flight with it.
type signals struct {
	w     *Worker
	once  sync.Once
	grace time.Duration // before a direct signal drains; constant
	last  bool          // such a drain is the end of the service; constant

	mu    sync.Mutex
	taken bool
	seen  map[os.Signal]chan struct{} // closed when the signal has come
}

func newSignals(w *Worker) *signals {
	return &signals{w: w, grace: aloneGrace, seen: map[os.Signal]chan struct{}{
		syscall.SIGTERM: make(chan struct{}),
		syscall.SIGINT:  make(chan struct{}),
	}}
}

// obey is for a master that has no other word than signals: one that comes is
// the end of the service, and comes from the master. restart is none of them.
// It is called before take.
func (s *signals) obey(restart os.Signal) {
	s.grace, s.last = 0, true
	delete(s.seen, restart)
}

// take replaces the default action of the signals. What the program itself does
// with them it goes on doing.
func (s *signals) take() {
	s.once.Do(func() {
		s.mu.Lock()
		s.taken = true
		s.mu.Unlock()
		c := make(chan os.Signal, 4)
		for sig := range s.seen {
			if !signal.Ignored(sig) { // as in the background job of a script
				signal.Notify(c, sig)
			}
		}
		go s.watch(c) // for the life of the process
	})
}

func (s *signals) watch(c <-chan os.Signal) {
	for sig := range c {
		select {
		case <-s.seen[sig]:
			continue
		default:
			close(s.seen[sig])
		}
		time.AfterFunc(s.grace, func() { s.alone(sig) })
	}
}

// alone drains a worker that was signalled by itself.
func (s *signals) alone(sig os.Signal) {
	if s.w.drain(handover.Drain{Timeout: s.w.Setup.TerminateTimeout, Last: s.last}) {
		number, _ := sig.(syscall.Signal)
		time.AfterFunc(time.Until(s.w.schedule.final), func() { s.w.quit(128 + int(number)) })
	}
}

// expect shows the program a signal that the master has passed on, unless it
// has come directly.
func (s *signals) expect(number int) {
	if number == 0 {
		return
	}
	sig := syscall.Signal(number)
	s.mu.Lock()
	taken := s.taken
	s.mu.Unlock()
	seen, watched := s.seen[sig]
	if !taken || !watched {
		// The program is as it would be on its own: the signal ends it, or it
		// does not.
		syscall.Kill(os.Getpid(), sig)
		return
	}
	go func() {
		timer := time.NewTimer(directGrace)
		defer timer.Stop()
		select {
		case <-seen:
		case <-timer.C:
			syscall.Kill(os.Getpid(), sig)
		}
	}()
}

// Handle says that the program waits for the drain itself, so a signal must not
// end it: it has asked for its context.
func (w *Worker) Handle() { w.signals.take() }
