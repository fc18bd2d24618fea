//go:build unix

package master

import (
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// Signals sorts what comes to the master, so that a storm of one kind cannot
// push out another: package signal drops what a full channel cannot take.
//
// It takes all signals but those that are nobody's business: SIGCHLD, SIGURG
// (which the Go runtime sends to itself all the time), and those that a fault of
// this very process raises. SIGPIPE it takes and drops: without that, os/signal
// says, the master would end with whoever reads its log.
//
// What it was started with it keeps to. An interrupt that is ignored then, as in
// the background job of a script, is left ignored, here and in the workers. A
// hangup that is ignored then, as by nohup(1), is passed on all the same, as a
// program may take it to read its files anew; workers ignore it until they do.
type Signals struct {
	restartBy os.Signal
	nohup     bool // started with SIGHUP ignored
	restart   chan os.Signal
	stop      chan os.Signal
	other     chan os.Signal
	pipe      chan os.Signal
	ownGroups bool // see take
}

// early are signals that came before their kind was known: see CatchEarly.
var early chan os.Signal

// CatchEarly takes all signals at once, for a process that is to go on as a
// master: the sender of one cannot know that the master is being replaced. What
// has come is sorted when Run or Resume takes them.
func CatchEarly() {
	early = make(chan os.Signal, 64)
	for _, sig := range append(passedOn(true), syscall.SIGTERM, syscall.SIGINT) {
		if sig != syscall.SIGINT || !signal.Ignored(sig) {
			signal.Notify(early, sig)
		}
	}
}

// sort hands on what CatchEarly has taken. A signal that came while both have
// taken them is in two places: one of a kind that is there already is that one, or
// has been merged with it, as the kernel does with signals that wait.
func (s *Signals) sort(before []os.Signal) {
	signal.Stop(early)
	during := drained(early)
	early = nil
	for _, to := range []chan os.Signal{s.restart, s.stop, s.other} {
		held := drained(to)
		for _, sig := range during {
			if s.place(sig) == to && !slices.Contains(held, sig) {
				held = append(held, sig)
			}
		}
		for _, sig := range append(s.placed(before, to), held...) {
			deliver(to, sig)
		}
	}
}

// placed are those of some signals that go to one place.
func (s *Signals) placed(all []os.Signal, to chan os.Signal) (some []os.Signal) {
	for _, sig := range all {
		if s.place(sig) == to {
			some = append(some, sig)
		}
	}
	return some
}

// place is where signals of a kind go.
func (s *Signals) place(sig os.Signal) chan os.Signal {
	switch sig {
	case s.restartBy:
		return s.restart
	case syscall.SIGTERM, syscall.SIGINT:
		return s.stop
	}
	return s.other
}

// deliver is what package signal does: a full channel takes nothing.
func deliver(to chan os.Signal, sig os.Signal) {
	select {
	case to <- sig:
	default:
	}
}

// drained takes what is in a channel. Of a nil one that is nothing.
func drained(c chan os.Signal) (all []os.Signal) {
	for {
		select {
		case sig := <-c:
			all = append(all, sig)
		default:
			return all
		}
	}
}

// taken are all signals that a master takes.
func (s *Signals) taken() []syscall.Signal {
	list := append(passedOn(true), syscall.SIGTERM, syscall.SIGINT)
	if n := number(s.restartBy); n != 0 {
		list = append(list, syscall.Signal(n))
	}
	return list
}

// CatchSignals takes the signal that asks for a restart, before anything else is
// done: until then it would end the process. The others are taken by Run.
func CatchSignals(restart os.Signal) *Signals {
	s := &Signals{
		restartBy: restart,
		nohup:     signal.Ignored(syscall.SIGHUP),
		restart:   make(chan os.Signal, 1),
		stop:      make(chan os.Signal, 8),
		other:     make(chan os.Signal, 64),
		pipe:      make(chan os.Signal, 1),
	}
	signal.Notify(s.restart, restart)
	signal.Notify(s.pipe, syscall.SIGPIPE)
	return s
}

// takeFirst takes those that ask for the end, of a master that has nothing to
// lose yet: to take all costs about as long as a process takes to start (the
// runtime goes through another thread for each), so the others wait until the
// first one is on its way. A successor takes all of them.
func (s *Signals) takeFirst(ownGroups bool) {
	if early != nil {
		s.take(ownGroups)
		return
	}
	s.takeStop()
}

func (s *Signals) takeStop() {
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if sig != s.restartBy && !signal.Ignored(sig) {
			signal.Notify(s.stop, sig)
		}
	}
}

// take takes all other signals. Where the workers have process groups of their
// own, a terminal's stop and go must be passed on.
func (s *Signals) take(ownGroups bool) {
	s.ownGroups = ownGroups
	before := drained(early)
	s.takeStop()
	for _, sig := range passedOn(ownGroups) {
		if sig != s.restartBy {
			signal.Notify(s.other, sig)
		}
	}
	if early != nil {
		s.sort(before)
	}
}

func passedOn(ownGroups bool) []syscall.Signal {
	list := []syscall.Signal{
		syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGABRT, syscall.SIGUSR1, syscall.SIGUSR2,
		syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO, syscall.SIGWINCH, syscall.SIGXCPU, syscall.SIGXFSZ,
	}
	if ownGroups {
		list = append(list, syscall.SIGTSTP, syscall.SIGCONT)
	}
	return append(list, realTime...)
}

func (s *Signals) close() {
	for _, c := range []chan os.Signal{s.restart, s.stop, s.other, s.pipe} {
		signal.Stop(c)
	}
}

func number(sig os.Signal) int {
	n, _ := sig.(syscall.Signal)
	return int(n)
}

// stopSignal ends everything. A signal that the terminal has sent to the worker
// too is not shown to it again.
func (m *Master) stopSignal(sig os.Signal) {
	n := number(sig)
	if m.tty.reachesWorkers(n) {
		m.tty.shown = n
	}
	m.step(machine.StopAsked{Signal: n})
}

func (m *Master) otherSignal(sig os.Signal) {
	n := number(sig)
	switch {
	case n == int(syscall.SIGTSTP):
		m.suspend()
	case n == int(syscall.SIGCONT):
		for _, w := range m.workers {
			if w.process != nil { // one that has not started was not stopped
				w.signal(n)
			}
		}
	case m.tty.reachesWorkers(n):
	case n == int(syscall.SIGHUP) && m.signals.nohup && m.cfg.Command != nil: // it would end a program that cannot be told
	default:
		m.step(machine.SignalAsked{Signal: n})
	}
}

// suspend stops the workers and then the master, as Ctrl-Z would have stopped
// the program.
func (m *Master) suspend() {
	for _, w := range m.workers {
		if w.process != nil {
			w.signal(int(syscall.SIGSTOP))
		}
	}
	syscall.Kill(os.Getpid(), syscall.SIGSTOP)
}
