//go:build unix

package overseer

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/master"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/release"
)

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
	for _, socket := range sockets {
		log.Info("bound", "address", socket.Address())
	}
	updater, bytes := s.updater()
	m := master.New(master.Config{
		Command:       s.foreign(),
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
		if s.command != nil {
			updater.Preflight = s.command.preflight(m)
		}
		if !s.NoRestart { // there, what is installed counts: it runs at the next start
			updater.Runs = m.Runs
		}
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
