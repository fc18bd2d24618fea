//go:build unix

package master

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// signals sorts what comes to the master, so that a storm of one kind cannot
// push out another: package signal drops what a full channel cannot take.
type signals struct {
	restart chan os.Signal
	stop    chan os.Signal
	other   chan os.Signal
}

// newSignals takes all signals but those that are nobody's business: SIGCHLD and
// SIGPIPE, SIGURG (which the Go runtime sends to itself all the time), and those
// that a fault of this very process raises. Where the workers have process
// groups of their own, a terminal's stop and go must be passed on.
func newSignals(restart os.Signal, ownGroups bool) *signals {
	s := &signals{
		restart: make(chan os.Signal, 1),
		stop:    make(chan os.Signal, 8),
		other:   make(chan os.Signal, 64),
	}
	if restart != nil {
		signal.Notify(s.restart, restart)
	}
	for _, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if sig != restart {
			signal.Notify(s.stop, sig)
		}
	}
	for _, sig := range passedOn(ownGroups) {
		if sig != restart {
			signal.Notify(s.other, sig)
		}
	}
	return s
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

func (s *signals) close() {
	for _, c := range []chan os.Signal{s.restart, s.stop, s.other} {
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
			w.signal(n)
		}
	case m.tty.reachesWorkers(n):
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
