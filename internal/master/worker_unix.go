//go:build unix

package master

import (
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed-3d078585/overseer/admin"
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
	sockets []int        // numbers of what it was given, in its order
	version atomic.Int32 // of the protocol, once it has greeted
	doomed  bool         // killed before it ran
	trace   string       // of the order that it is started for

	connections *admin.Connections // it said so last; nil: never
	owes        bool               // it was asked, and has not answered
	out         chan handover.Message
	gone        chan struct{} // closed when the process has ended, or the master
	lost        chan struct{} // closed, by lose, when the conversation has ended
	lose        sync.Once

	// See park: closed to have the conversation rest, and when its directions do.
	rest, received, sent chan struct{}
}

func newWorker(m *Master, gen machine.Gen) *worker {
	return &worker{m: m, gen: gen, out: make(chan handover.Message, queued), gone: make(chan struct{}), lost: make(chan struct{})}
}

// run takes over a process that was started for this generation.
func (w *worker) run(p *proc.Process, bin binary, conn *handover.Conn) {
	w.attach(p, bin, conn)
	w.began()
}

// began tells the machine of a process that was started, and taken over.
func (w *worker) began() {
	m, p := w.m, w.process
	if w.doomed {
		w.kill()
	}
	m.step(machine.Spawned{Gen: w.gen, Digest: machine.Digest(w.bin.digest.String()), PID: p.PID})
	m.firstOnce.Do(func() { close(m.spawned) })
}

// attach has the worker speak with its process, and wait for its end.
func (w *worker) attach(p *proc.Process, bin binary, conn *handover.Conn) {
	w.process, w.bin, w.conn = p, bin, conn
	w.converse()
	w.watch()
}

// watch waits for the end of the process.
func (w *worker) watch() {
	p := w.process
	w.m.beside.Go(func() {
		select {
		case <-p.Done():
			exit := p.Exit()
			if w.foreign != nil {
				w.lose.Do(func() { close(w.lost) }) // there was no conversation to end
			}
			w.m.call(func() { w.exited(exit) })
		case <-w.m.quit:
		}
	})
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

// send says what is queued, until the end or, with nothing left to say, rest.
func (w *worker) send(rest <-chan struct{}) {
	for {
		var msg handover.Message
		select {
		case msg = <-w.out:
		case <-w.gone:
			return
		case <-rest:
			select {
			case msg = <-w.out:
			default:
				return
			}
		}
		if err := w.conn.Send(msg); err != nil {
			w.conn.Close() // receive reports it
			return
		}
	}
}

// receive turns what the worker says into events, until the end or rest.
func (w *worker) receive(rest <-chan struct{}) {
	for {
		msg, files, err := w.conn.Receive()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			<-rest
			return
		}
		if err != nil {
			w.lose.Do(func() {
				close(w.lost)
				w.m.post(machine.Lost{Gen: w.gen})
			})
			return
		}
		w.heard(msg, files)
	}
}

func (w *worker) heard(msg handover.Message, files []*os.File) {
	if msg, ok := msg.(handover.Bequeath); ok && len(files) < 2 {
		b := bequest{from: w, id: msg.ID}
		if len(files) == 0 {
			w.m.call(func() { w.m.refuse(b, "the master may open no more files: raise its limit (ulimit -n, LimitNOFILE)") })
			return
		}
		b.end = files[0]
		if !w.m.call(func() { w.m.bequeath(b) }) {
			b.end.Close()
		}
		return
	}
	for _, f := range files {
		f.Close() // no other message has any
	}
	switch msg := msg.(type) {
	case handover.Hello:
		if err := w.setUp(msg); err != nil {
			w.m.cfg.Log.Warn("worker could not be set up", "generation", int(w.gen), "error", err)
			w.conn.Close()
		}
	case handover.Accepting:
		w.m.post(machine.Accepting{Gen: w.gen, Sockets: w.numbers(msg.Sockets)})
	case handover.Ready:
		w.m.post(machine.SaidReady{Gen: w.gen})
	case handover.Opened:
		w.m.post(machine.Opened{Gen: w.gen})
		w.m.call(w.m.giveHeld)
	case handover.Restart:
		w.m.call(func() { w.m.restartAsked("program", msg.Force) })
	case handover.Ask:
		w.m.call(func() { w.tell(w.m.status(msg.ID)) })
	case handover.Pong:
		w.m.call(func() {
			w.m.counted(w, msg)
			w.m.service.answered(w.gen, msg)
		})
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
	all, err := m.equip(w, hello)
	if err != nil {
		return err
	}
	defer closeCopies(all)
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
	for some := range slices.Chunk(all, handover.MaxFDs) {
		var msg handover.Sockets
		var fds []int
		for _, s := range some {
			msg.Sockets = append(msg.Sockets, handover.Socket{Network: s.Network(), Address: s.Address()})
			fds = append(fds, s.copy)
		}
		if err := w.conn.Send(msg, fds...); err != nil {
			return err
		}
	}
	if err := w.leave(); err != nil {
		return err
	}
	return w.conn.Send(handover.Begin{})
}

// drainMessage leaves out a signal that the terminal has sent to the worker too.
func (w *worker) drainMessage(e machine.Drain, shown int) handover.Drain {
	d := handover.Drain{Timeout: e.Timeout, Signal: e.Signal, Last: e.Last, Ending: w.places(e.Ending)}
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
		w := m.workers[e.Gen]
		w.say(e, handover.Pause{Sockets: w.places(e.Sockets)})
	case machine.Drain:
		w := m.workers[e.Gen]
		w.say(e, w.drainMessage(e, m.tty.shown))
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
