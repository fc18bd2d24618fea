//go:build unix

package master

import (
	"log/slog"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/store"
)

// A foreign is a process of a program that knows nothing of this library. It
// speaks no protocol: what the machine has to say to it becomes a signal or
// nothing, and what it has to say comes by NOTIFY_SOCKET, by a probe or by time.
//
//	machine            process
//	Open               the resume signal, where it stood by by signal
//	Pause              the standby signal, where there is one
//	Drain              the drain signal
//	Kill               SIGKILL, to its whole process group
//	Accepting, Ready   READY=1, a probe that passes, or time
//
// It accepts from its sockets whenever it likes. So two generations accept while
// one is on trial, unless there is a standby signal, and what keeps a bad release
// from the public is its rehearsal.
type foreign struct {
	m       *Master
	cmd     *Command
	log     *slog.Logger
	process *proc.Process
	sockets []*socket.Socket // the master's, or those of a rehearsal
	notify  *notifier        // nil: it is not listened to
	said    chan struct{}    // closed when it has said READY=1
	saidIt  sync.Once
	warned  map[string]bool // of the notifier's goroutine: what is said once
	gone    chan struct{}   // closed at the end of it
	goneIt  sync.Once

	tree *store.Tree // that it runs from, held until it has ended; nil: none

	rehearses      bool   // its sockets are its own
	privateNetwork string // where its private socket is: see Command.PrivateProbe
	private        string // empty: none
	unheard        sync.Once

	// Of the owner.
	stands  bool           // it was sent the standby signal
	bound   *machine.Timer // what it may ask to be longer; nil: nothing
	until   time.Time      // when that is over
	longest time.Time      // and no plea reaches further
}

// tell carries out what the machine has to say to a generation.
func (f *foreign) tell(w *worker, effect machine.Effect) {
	switch e := effect.(type) {
	case machine.Open:
		if f.stands {
			f.stands = false
			f.process.Signal(f.cmd.Resume)
		}
		f.bound = nil
		f.m.beside.Go(func() { f.m.post(machine.Opened{Gen: w.gen}) })
	case machine.Pause:
		if f.cmd.Standby != 0 && !f.stands {
			f.stands = true
			f.process.Signal(f.cmd.Standby)
		}
	case machine.Drain:
		f.expect(machine.Timer{Bound: machine.BoundEnd, Gen: w.gen}, e.Timeout)
		if f.cmd.Drain != f.m.tty.shown { // else the terminal has sent it already
			f.process.Signal(f.cmd.Drain)
		}
	}
}

// kill ends the process and what it has started.
func (f *foreign) kill() {
	f.process.Kill()
	f.killGroup()
}

// killGroup ends what a process has left behind: it would go on accepting, of a
// version that nobody supervises.
func (f *foreign) killGroup() {
	if f.m.tty.ownGroups {
		f.process.KillGroup()
	}
}

// close ends the goroutines of this process.
func (f *foreign) close() {
	f.goneIt.Do(func() {
		close(f.gone)
		if f.tree != nil {
			f.tree.Close() // only read, and locked
		}
		if f.notify != nil {
			f.notify.close()
		}
	})
}

// runForeign takes over a process that was started for this generation.
func (w *worker) runForeign(f *foreign, bin binary) {
	w.process, w.bin, w.foreign = f.process, bin, f
	m := w.m
	w.sockets = m.machine.Snapshot().Sockets // its addresses are the master's
	f.expect(machine.Timer{Bound: machine.BoundReady, Gen: w.gen}, m.cfg.Settings.ReadyTimeout)
	m.beside.Go(func() {
		if f.awaitReady(m.ctx, int(w.gen)) == nil {
			m.post(w.ready())
		}
	})
	w.watch()
	w.began()
	m.step(machine.Greeted{Gen: w.gen})
}

// ready is the event of a program that is. It is taken at its word for all of
// its sockets.
func (w *worker) ready() machine.Event {
	if len(w.sockets) == 0 {
		return machine.SaidReady{Gen: w.gen}
	}
	return machine.Accepting{Gen: w.gen, Sockets: w.sockets}
}
