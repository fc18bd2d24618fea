//go:build unix

package overseer

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/master"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/internal/update"
	"github.com/seed-3d078585/overseer/internal/worker"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

const supported = true

// The signals that programs of the older API name.
var (
	SIGUSR1 = syscall.SIGUSR1
	SIGUSR2 = syscall.SIGUSR2
	SIGTERM = syscall.SIGTERM
)

// inherited is what makes this process a worker. It is taken before any code of
// the program's own runs, so that nothing the program starts can have it.
var inherited, isWorker = inherit()

func inherit() (handover.Inherited, bool) {
	in, ok := handover.Inherit()
	if ok {
		worker.Prepare(in)
	}
	return in, ok
}

// run is the whole of a process that can be supervised; it returns only where
// that cannot begin.
func (s settled) run() error {
	if isWorker {
		return s.runWorker()
	}
	return s.runMaster()
}

// current is what Restart speaks to.
var current struct {
	sync.Mutex
	ask     func(force bool)
	pending []bool // asked before there was anybody to ask
}

func restart(force bool) {
	current.Lock()
	defer current.Unlock()
	switch {
	case current.ask != nil:
		current.ask(force)
	case isWorker && len(current.pending) == 0:
		current.pending = append(current.pending, force)
	}
}

func setCurrent(ask func(force bool)) {
	current.Lock()
	defer current.Unlock()
	current.ask = ask
	for _, force := range current.pending {
		ask(force)
	}
	current.pending = nil
}

func (s settled) runWorker() error {
	w, err := worker.Connect(inherited, os.Exit)
	if err != nil {
		refuse(err) // the master is gone, or speaks another protocol
	}
	setCurrent(func(force bool) { w.Restart(force) })
	s.Program(workerState(w))
	w.Wait()
	os.Exit(0)
	return nil
}

func workerState(w *worker.Worker) State {
	state := State{
		Enabled:          true,
		ID:               w.Setup.ID,
		Digest:           w.Setup.Digest,
		StartedAt:        time.Now(),
		Listeners:        w.Listeners,
		PacketConns:      w.Packets,
		Addresses:        w.Addresses,
		GracefulShutdown: w.Graceful,
		BinPath:          w.Setup.BinPath,
		Generation:       w.Setup.Generation,
		run:              supervised{w},
	}
	if len(state.Listeners) > 0 {
		state.Listener = state.Listeners[0]
	}
	if len(state.Addresses) > 0 {
		state.Address = state.Addresses[0]
	}
	return state
}

// supervised is the run of a State in a worker.
type supervised struct{ w *worker.Worker }

func (s supervised) Ready()                       { s.w.Ready() }
func (s supervised) Serve(srv *http.Server) error { return s.w.Serve(srv, serveListener) }

func (s supervised) Context() context.Context {
	s.w.Handle()
	return s.w.Context
}

func (s supervised) Status(ctx context.Context) (Status, error) {
	held, err := s.w.Status(ctx)
	return Status{
		Generation:     held.Generation,
		StagedUpgrade:  held.Staged,
		PendingRestart: held.Pending,
		Starts:         held.Starts,
	}, err
}

func (s settled) runMaster() error {
	log := newLogger(s.Config)
	for _, w := range s.warnings {
		log.Warn(w)
	}
	signals := master.CatchSignals(s.RestartSignal)
	sockets, err := socket.Listen(context.Background(), s.addresses, socket.Options{
		Waiting: func(a socket.Address, err error) { log.Info("waiting for an address", "address", a.Spec, "error", err) },
	})
	if err != nil {
		return err
	}
	updater, bytes := s.updater()
	m := master.New(master.Config{
		Binary:        s.binary,
		Sockets:       sockets,
		Settings:      s.machine(),
		Signals:       signals,
		Probe:         s.Probe,
		ProbeTimeout:  min(probeTimeout, s.ReadyTimeout),
		QuarantineFor: s.Quarantine,
		Store:         bytes,
		Log:           log,
		MayRestart:    s.mayRestart(),
		OnCrash:       s.onCrash(),
	})
	setCurrent(func(force bool) { go m.Restart("hook", force) })
	stop := func() {}
	if updater != nil {
		updater.Offer, updater.Log = m.Offer, log
		stop = s.start(updater)
	}
	code, err := m.Run()
	stop()
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	os.Exit(code)
	return nil
}

// machine returns what the decisions are made by.
func (s settled) machine() machine.Settings {
	return machine.Settings{
		Sequential:          s.Sequential || len(s.addresses) == 0 && !s.Overlap,
		NoRestart:           s.NoRestart,
		NoRestartAfterFetch: s.NoRestartAfterFetch,
		KeepAlive:           machine.KeepAlive(s.KeepAlive),
		ReadyTimeout:        s.ReadyTimeout,
		Settle:              settle,
		ProbeInterval:       s.ProbeInterval,
		OpenTimeout:         openTimeout,
		Probation:           s.Probation,
		TerminateTimeout:    s.TerminateTimeout,
		FailTimeout:         min(failTimeout, s.TerminateTimeout),
		LostTimeout:         lostTimeout,
		DeferInterval:       deferInterval,
		Retry:               machine.Backoff{Min: time.Minute, Max: time.Hour},
		Respawn:             machine.Backoff{Min: 100 * time.Millisecond, Max: 30 * time.Second},
		Stable:              time.Minute,
		FinalTimeout:        time.Second,
	}
}

// Bounds that need no configuration.
const (
	settle        = time.Second // documented with State.Ready
	openTimeout   = 10 * time.Second
	failTimeout   = 5 * time.Second
	lostTimeout   = time.Second
	deferInterval = time.Second // documented with Config.MayRestart
	probeTimeout  = 5 * time.Second
	stopTimeout   = 5 * time.Second
)

func (s settled) mayRestart() func(release.Digest) bool {
	if s.MayRestart == nil {
		return nil
	}
	return func(d release.Digest) bool { return s.MayRestart(Upgrade{Digest: d.String()}) }
}

func (s settled) onCrash() func(master.Crash) {
	if s.OnCrash == nil {
		return nil
	}
	return func(c master.Crash) {
		s.OnCrash(Crash{
			Generation: c.Generation,
			Digest:     c.Digest.String(),
			ExitCode:   c.Code,
			Signal:     c.Signal,
			Output:     c.Output,
		})
	}
}

// updater returns the source's runner and the store it fills, or nothing where
// there is no source, or where upgrading cannot work here.
func (s settled) updater() (*update.Updater, *store.Store) {
	log := newLogger(s.Config)
	if s.Fetcher == nil {
		return nil, nil
	}
	bytes, err := store.Open(s.binary, s.StateDir, store.WithWarn(func(err error) { log.Warn("upgrade records", "error", err) }))
	if err != nil {
		log.Error("upgrades are off", "error", err)
		return nil, nil
	}
	policy := s.Trust
	if policy == nil {
		policy = trust.Insecure()
	}
	if trust.IsInsecure(policy) && remote(s.Fetcher) {
		log.Warn("releases are not verified: whoever answers for the source decides what runs here; set Config.Trust")
	}
	return &update.Updater{
		Source:        s.Fetcher,
		Policy:        policy,
		Store:         bytes,
		Interval:      s.MinFetchInterval,
		Preflight:     update.Preflight(s.binary, s.ReadyTimeout),
		PreUpgrade:    s.PreUpgrade,
		QuarantineFor: s.Quarantine,
	}, bytes
}

// remote reports whether a source brings bytes from another host. A file, a
// function and a fetcher of the user's own are the user's own affair.
func remote(f fetcher.Interface) bool {
	switch f.(type) {
	case *fetcher.HTTP, *fetcher.Github:
		return true
	}
	return false
}

// start runs the updater beside the master; the function that it returns ends it
// and waits for it.
func (s settled) start(u *update.Updater) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		u.Run(ctx)
	}()
	return func() {
		cancel()
		timer := time.NewTimer(stopTimeout)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
		}
	}
}
