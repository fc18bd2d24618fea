//go:build unix

package master

import (
	"slices"
	"sync/atomic"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
)

// queued bounds the messages that wait for a worker which does not read. One
// that is so far behind is stopped or hung.
const queued = 64

// A worker is the master's side of one generation's process. Its fields belong
// to the owner; a nil worker takes every order and does nothing.
type worker struct {
	m       *Master
	gen     machine.Gen
	process *proc.Process  // nil until it runs
	conn    *handover.Conn // nil where the program is of another language
	foreign *foreign       // and then this is set
	bin     binary
	version atomic.Int32 // of the protocol, once it has greeted
	doomed  bool         // killed before it ran
	out     chan handover.Message
	gone    chan struct{} // closed when the process has ended, or the master
	lost    chan struct{} // closed when the conversation has ended
}

func newWorker(m *Master, gen machine.Gen) *worker {
	return &worker{m: m, gen: gen, out: make(chan handover.Message, queued), gone: make(chan struct{}), lost: make(chan struct{})}
}

// run takes over a process that was started for this generation.
func (w *worker) run(p *proc.Process, bin binary, conn *handover.Conn) {
	w.process, w.bin, w.conn = p, bin, conn
	m := w.m
	m.beside.Go(w.send)
	m.beside.Go(w.receive)
	w.began(p)
}

// began watches a process from here on.
func (w *worker) began(p *proc.Process) {
	m := w.m
	m.beside.Go(func() {
		select {
		case <-p.Done():
			exit := p.Exit()
			if w.foreign != nil {
				close(w.lost) // there was no conversation to end
			}
			m.call(func() { w.exited(exit) })
		case <-m.quit:
		}
	})
	if w.doomed {
		w.kill()
	}
	m.step(machine.Spawned{Gen: w.gen, Digest: machine.Digest(w.bin.digest.String()), PID: p.PID})
	m.firstOnce.Do(func() { close(m.spawned) })
}

// runs reports whether a process was taken over; for use after the end, when
// the owner is gone.
func (w *worker) runs() bool { return w.process != nil }

func (w *worker) exited(exit proc.Exit) {
	if w.foreign != nil {
		w.foreign.killGroup()
	}
	w.m.crashed(w, exit)
	w.m.step(machine.Exited{Gen: w.gen, Code: exit.Code, Signal: exit.Signal})
	delete(w.m.workers, w.gen)
	w.close()
}

// close ends the conversation, and with it the goroutines of this worker.
func (w *worker) close() {
	select {
	case <-w.gone:
		return
	default:
	}
	close(w.gone)
	if w.conn != nil {
		w.conn.Close()
	}
	if w.foreign != nil {
		w.foreign.close()
	}
}

func (w *worker) signal(sig int) {
	switch {
	case w == nil:
	case w.process == nil:
		w.doomed = true // no program of the user's has run yet
	default:
		w.process.Signal(sig)
	}
}

func (w *worker) kill() {
	switch {
	case w == nil:
	case w.process == nil:
		w.doomed = true
	case w.foreign != nil:
		w.foreign.kill()
	default:
		w.process.Kill()
	}
}

// tell queues a message. A worker that does not read for so long is given up.
func (w *worker) tell(msg handover.Message) {
	if w == nil || w.conn == nil {
		return
	}
	select {
	case w.out <- msg:
	default:
		w.m.cfg.Log.Warn("worker does not read what the master says", "generation", int(w.gen))
		w.conn.Close()
	}
}

func (w *worker) send() {
	for {
		select {
		case msg := <-w.out:
			if err := w.conn.Send(msg); err != nil {
				w.conn.Close() // receive reports it
				return
			}
		case <-w.gone:
			return
		}
	}
}

// receive turns what the worker says into events.
func (w *worker) receive() {
	for {
		msg, files, err := w.conn.Receive()
		for _, f := range files {
			f.Close() // a worker sends none
		}
		if err != nil {
			close(w.lost)
			w.m.post(machine.Lost{Gen: w.gen})
			return
		}
		w.heard(msg)
	}
}

func (w *worker) heard(msg handover.Message) {
	switch msg := msg.(type) {
	case handover.Hello:
		if err := w.setUp(msg); err != nil {
			w.m.cfg.Log.Warn("worker could not be set up", "generation", int(w.gen), "error", err)
			w.conn.Close()
			return
		}
		w.m.post(machine.Greeted{Gen: w.gen})
	case handover.Accepting:
		w.m.post(machine.Accepting{Gen: w.gen, Sockets: msg.Sockets})
	case handover.Ready:
		w.m.post(machine.SaidReady{Gen: w.gen})
	case handover.Opened:
		w.m.post(machine.Opened{Gen: w.gen})
	case handover.Restart:
		w.m.post(machine.RestartAsked{By: "program", Force: msg.Force})
	case handover.Ask:
		w.m.call(func() { w.tell(w.m.status(msg.ID)) })
	}
}

// setUp answers a worker's hello with all that it needs.
func (w *worker) setUp(hello handover.Hello) error {
	version, err := handover.Agree(hello)
	if err != nil {
		return err
	}
	w.version.Store(int32(version))
	m := w.m
	setup := handover.Setup{
		Version:          version,
		Generation:       int(w.gen),
		ID:               w.bin.id,
		Digest:           w.bin.digest.String(),
		BinPath:          m.cfg.Binary,
		TerminateTimeout: m.cfg.Settings.TerminateTimeout,
	}
	if err := w.conn.Send(setup); err != nil {
		return err
	}
	for some := range slices.Chunk(m.cfg.Sockets, handover.MaxFDs) {
		var msg handover.Sockets
		var fds []int
		for _, s := range some {
			msg.Sockets = append(msg.Sockets, handover.Socket{Network: s.Network(), Address: s.Address()})
			fds = append(fds, int(s.FD()))
		}
		if err := w.conn.Send(msg, fds...); err != nil {
			return err
		}
	}
	return w.conn.Send(handover.Begin{})
}

// drainMessage leaves out a signal that the terminal has sent to the worker too.
func drainMessage(e machine.Drain, shown int) handover.Drain {
	d := handover.Drain{Timeout: e.Timeout, Signal: e.Signal, Last: e.Last}
	if e.Signal == shown {
		d.Signal = 0
	}
	return d
}

func (m *Master) tell(effect machine.Effect) {
	switch e := effect.(type) {
	case machine.Open:
		m.workers[e.Gen].say(e, handover.Open{})
	case machine.Pause:
		m.workers[e.Gen].say(e, handover.Pause{Sockets: e.Sockets})
	case machine.Drain:
		m.workers[e.Gen].say(e, drainMessage(e, m.tty.shown))
	}
}

// say brings an effect to a worker: as a message, or in the way of a program
// that takes none.
func (w *worker) say(e machine.Effect, msg handover.Message) {
	if w != nil && w.foreign != nil {
		w.foreign.tell(w, e)
		return
	}
	w.tell(msg)
}

// status is the answer to a program that asks what the master holds.
func (m *Master) status(id int) handover.Status {
	s := m.machine.Snapshot()
	return handover.Status{
		ID:         id,
		Generation: int(s.Live),
		Staged:     string(s.Waiting),
		Pending:    s.Pending,
		Starts:     s.Starts,
	}
}
