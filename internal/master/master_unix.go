//go:build unix

package master

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/digests"
	"github.com/seed-3d078585/overseer/internal/journal"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
)

// closingTimeout bounds the wait for the disk, and then for all else that runs
// beside, at the end.
const closingTimeout = 10 * time.Second

// updatesTimeout bounds the wait for the end of the fetching.
const updatesTimeout = 5 * time.Second

// A Master supervises one program. Offer, GaveUp, Runs and Restart may be called by any
// goroutine, also before and after Run.
type Master struct {
	cfg       Config
	machine   *machine.Machine
	events    chan machine.Event
	calls     chan func() // run by the owner
	quit      chan struct{}
	spawned   chan struct{} // closed, by firstOnce, when the first process has started
	firstOnce sync.Once
	forkOnce  sync.Once       // see forked
	ctx       context.Context // ends with the master; for probes and the disk
	cancel    context.CancelFunc
	beside    sync.WaitGroup // all goroutines that this package ends
	hooks     sync.WaitGroup // those that run the user's hooks
	hooked    chan struct{}  // has a value when one of them has ended
	signals   *Signals
	disk      *disk
	updates   updates

	// For a program of another language only.
	starter *starter
	shim    *os.File

	// For those who look at the master, and steer it.
	console reception
	hold    hold
	started time.Time
	level   string        // of the log, where an operator has set it
	told    atomic.Uint64 // the newest event that the user's hook has been told

	// Owned by Run's goroutine.
	lives     lives
	ordered   order
	reverting bool // the previous program is being staged
	counts    []*count
	lastCount int

	workers    map[machine.Gen]*worker
	sockets    sockets
	succession succession
	staged     map[machine.Digest]*store.Staged
	held       []bequest // ends of ways that wait for a generation
	passing    int       // ends of ways that are being sent
	timers     timers
	tty        terminal
	rest       rest
	service    *service // nil where there is no service manager
	restoring  int      // restores that are under way
	hooking    int      // hooks of the user's that run
	cutOff     int      // of these, how many a succession does not wait for
	exit       *machine.Exit
}

// New returns a master that has not started anything yet.
func New(cfg Config) *Master {
	cfg.Settings.Sockets = len(cfg.Sockets)
	cfg.Settings.Probe = cfg.Probe != nil
	cfg.Settings.AskFirst = cfg.MayRestart != nil
	cfg.Settings.Foreign = cfg.Command != nil
	if cfg.Journal == nil {
		cfg.Journal = journal.New()
	}
	if cfg.Digests == nil {
		cfg.Digests = digests.New("")
	}
	m := &Master{
		cfg:     cfg,
		machine: machine.New(cfg.Settings),
		events:  make(chan machine.Event),
		calls:   make(chan func()),
		quit:    make(chan struct{}),
		spawned: make(chan struct{}),
		hooked:  make(chan struct{}, 1),
		sockets: newSockets(cfg.Sockets),
		workers: map[machine.Gen]*worker{},
		staged:  map[machine.Digest]*store.Staged{},
		signals: cfg.Signals,
	}
	m.started = time.Now().UTC()
	m.console.socket = cfg.Admin.Socket
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.timers = newTimers(m.call)
	m.tty = openTerminal(len(cfg.Sockets) > 0)
	m.disk = newDisk()
	m.service = newService(m, cfg.Service)
	return m
}

// Updates has a function run beside the master, until its context ends: it
// fetches releases and offers them. keep is asked when it has ended for what the
// successor's is to know: see [State]. Updates is called before Run or Resume.
func (m *Master) Updates(run func(context.Context), keep func() []byte) {
	m.updates.run, m.updates.keep = run, keep
}

// Run supervises until the end and returns the exit code of the program. An
// error means that no generation could be started at all; nothing is left then.
func (m *Master) Run() (code int, err error) {
	m.service.begin()
	m.followEvents(m.cfg.Journal.Last())
	m.tellEvent(slog.LevelDebug, "the master begins", admin.Event{Kind: admin.Started, PID: os.Getpid()})
	return m.supervise(machine.Boot{})
}

// supervise is the owner's loop, from the first event to the end.
func (m *Master) supervise(first machine.Event) (code int, err error) {
	if m.cfg.Command != nil {
		if err := m.prepareCommand(); err != nil {
			m.closeSockets()
			return 1, err
		}
		m.beside.Go(m.starter.run)
		defer m.shim.Close()
	}
	m.readHold()
	signals := m.signals
	signals.takeFirst(m.tty.ownGroups)
	defer signals.close()
	m.step(first)

	// The first process is being started; what it does not need comes after.
	reaper := newReaper()
	defer reaper.close()
	m.openConsole()
	m.updates.start()
	for m.exit == nil {
		select {
		case ev := <-m.events:
			m.step(ev)
		case f := <-m.calls:
			f()
		case <-signals.restart:
			m.restartAsked("signal", false)
		case sig := <-signals.stop:
			m.stopSignal(sig)
		case sig := <-signals.other:
			m.otherSignal(sig)
		case <-m.service.ticks():
			m.service.tick()
		case <-reaper.due():
			reaper.reap()
		}
	}
	m.close()
	m.updates.stop(updatesTimeout) // one that does not end is left behind
	if m.exit.Unstarted {
		return m.exit.Code, errors.New(m.exit.Reason)
	}
	return m.exit.Code, nil
}

// close waits, within a bound, for all that runs beside.
func (m *Master) close() {
	close(m.quit)
	m.cancel()
	m.timers.close()
	m.rest.close()
	m.closeHeld()
	m.cfg.Journal.Close()
	m.console.close()
	for _, w := range m.workers {
		w.close()
	}
	m.disk.close(closingTimeout)
	done := make(chan struct{})
	go func() {
		m.beside.Wait()
		m.hooks.Wait()
		close(done)
	}()
	timer := time.NewTimer(closingTimeout)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	m.service.close()
}

// post brings an event to the owner; after the end it does nothing.
func (m *Master) post(ev machine.Event) {
	select {
	case m.events <- ev:
	case <-m.quit:
	}
}

// call has the owner run a function; after the end it does nothing and returns
// false.
func (m *Master) call(f func()) bool {
	select {
	case m.calls <- f:
		return true
	case <-m.quit:
		return false
	}
}

// Offer hands over a staged candidate. The master owns it from here on, and
// discards what it does not use.
func (m *Master) Offer(st *store.Staged) {
	taken := m.call(func() {
		d := machine.Digest(st.Digest().String())
		if _, held := m.staged[d]; held {
			m.record("remove a candidate that was staged twice", st.Discard)
			return
		}
		m.staged[d] = st
		m.step(machine.Staged{Digest: d})
		m.offered()
	})
	if !taken {
		st.Discard() // the next master's Recover finds what is left
	}
}

// GaveUp reports whether a release has failed under this master, also where its
// quarantine is not on record yet.
func (m *Master) GaveUp(ctx context.Context, d release.Digest) (gaveUp bool, err error) {
	if !m.ask(func() { gaveUp = m.machine.GaveUp(machine.Digest(d.String())) }) {
		return false, errEnded
	}
	return gaveUp, nil
}

// Runs reports whether a generation that is live, stands by or comes up runs
// the release d. Before the first process has started it waits.
func (m *Master) Runs(ctx context.Context, d release.Digest) (bool, error) {
	select {
	case <-m.spawned:
	case <-m.quit:
		return false, errEnded
	case <-ctx.Done():
		return false, ctx.Err()
	}
	runs := false
	if !m.ask(func() {
		for _, g := range m.machine.Snapshot().Generations {
			runs = runs || g.Phase != machine.Draining && g.Digest == machine.Digest(d.String())
		}
	}) {
		return false, errEnded
	}
	return runs, nil
}

var errEnded = errors.New("the master has ended")

// Restart asks for a restart; by says who asked.
func (m *Master) Restart(by string, force bool) {
	m.call(func() { m.restartAsked(by, force) })
}

// step decides about one event and carries the decisions out.
func (m *Master) step(ev machine.Event) {
	for _, effect := range m.machine.Step(ev) {
		m.carryOut(effect)
	}
	s := m.machine.Snapshot()
	m.lives.observe(s, m.workers, time.Now().UTC().Round(0))
	m.rest.observe(m, s)
	m.settle()
	m.service.observe(ev)
}

// carryOut is the table of all effects.
func (m *Master) carryOut(effect machine.Effect) {
	switch e := effect.(type) {
	case machine.Spawn:
		m.spawn(e)
	case machine.Probe:
		m.probe(e.Gen)
	case machine.Open, machine.Pause, machine.Drain:
		m.tell(e)
	case machine.Signal:
		m.workers[e.Gen].signal(e.Signal)
	case machine.Kill:
		m.workers[e.Gen].kill()
	case machine.SetTimer:
		m.timers.set(e.Timer, e.After, func() { m.step(machine.TimerFired{Timer: e.Timer}) })
	case machine.StopTimer:
		m.timers.stop(e.Timer)
	case machine.Ask:
		m.mayRestart(e.Digest)
	case machine.Install:
		m.install(e.Digest)
	case machine.Restore:
		m.restore(e.Digest)
	case machine.EndTrial:
		m.record("end the record of a trial", func() error { return m.cfg.Store.EndTrial(digest(e.Digest)) })
	case machine.Quarantine:
		m.quarantine(e)
	case machine.Discard:
		m.discard(e.Digest)
	case machine.Retire:
		m.retire(e.Sockets)
	case machine.CheckSuccessor:
		m.checkSuccessor(e.Digest)
	case machine.Succeed:
		m.succeed(e.Digest)
	case machine.CloseSockets:
		m.closeSockets()
	case machine.Exit:
		m.exit = &e
	case machine.Report:
		m.report(e)
	default:
		panic(fmt.Sprintf("effect %T is not carried out", effect)) // a table out of date: a test steps through all
	}
}

func digest(d machine.Digest) release.Digest {
	parsed, _ := release.ParseDigest(string(d)) // made by Digest.String
	return parsed
}
