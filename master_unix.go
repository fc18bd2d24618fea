//go:build unix

package overseer

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/master"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/update"
	"github.com/seed-3d078585/overseer/release"
)

// runMaster binds the addresses and supervises.
func (s settled) runMaster() error {
	log := newLogger(s.Config)
	for _, w := range s.warnings {
		log.Warn(w)
	}
	if err := s.checkCredential(); err != nil {
		return err
	}
	manager := takeManager()
	if manager.err != nil {
		log.Warn("what the service manager has left makes no sense", "error", manager.err)
	}
	signals := master.CatchSignals(s.RestartSignal)
	sockets, err := socket.Listen(context.Background(), s.addresses, socket.Options{
		Waiting:   func(a socket.Address, err error) { log.Info("waiting for an address", "address", a.Spec, "error", err) },
		Inherited: manager.sockets,
	})
	if err != nil {
		return err
	}
	for _, socket := range sockets {
		log.Info("bound", "address", socket.Address())
	}
	kept := manager.service.Keeps() && (manager.service.StoreMax > 0 || manager.sockets.Stored())
	manager.tidy(log)
	pid, err := s.writePIDFile()
	if err != nil {
		closeAll(sockets)
		return err
	}
	code, err := s.master(signals, sockets, kept).Run()
	s.removePIDFile(pid)
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	os.Exit(code)
	return nil
}

// runSuccessor goes on as the master that this process was before its execve.
// There is no way back from here: where it cannot, the process ends, and its
// workers finish what they have.
func (s settled) runSuccessor() error {
	if handed.err != nil {
		refuse(handed.err)
	}
	signals := master.CatchSignals(s.RestartSignal)
	log := newLogger(s.Config)
	for _, w := range s.warnings {
		log.Warn(w)
	}
	pid := s.renewPIDFile()
	code, err := s.master(signals, nil, handed.state.Kept).Resume(handed.state)
	s.removePIDFile(pid)
	if err != nil {
		refuse(err)
	}
	os.Exit(code)
	return nil
}

// master makes one. kept says that the service manager keeps its sockets.
func (s settled) master(signals *master.Signals, sockets []*socket.Socket, kept bool) *master.Master {
	log := newLogger(s.Config)
	updater, bytes := s.updater()
	desk := s.desk(bytes, log)
	logLevel.restore(handed.state.Level)
	m := master.New(master.Config{
		Command:        s.foreign(),
		Binary:         s.binary,
		Sockets:        sockets,
		Settings:       s.machine(),
		Signals:        signals,
		Probe:          s.Probe,
		ProbeTimeout:   min(probeTimeout, s.ReadyTimeout),
		QuarantineFor:  s.Quarantine,
		Store:          bytes,
		Log:            log,
		Service:        takeManager().service,
		Kept:           kept,
		Described:      s.described(),
		Credential:     s.as,
		CheckSuccessor: update.CheckSuccessor(s.binary, s.ReadyTimeout),
		Temporary:      func(err error) bool { return errors.Is(err, update.ErrTemporary) },
		MayRestart:     s.mayRestart(),
		OnCrash:        s.onCrash(),
		OnEvent:        s.OnEvent,
		Name:           s.name(),
		Journal:        desk.journal,
		Digests:        desk.digests,
		Admin:          desk.admin,
		Level:          logLevelOf{log, &logLevel},
		Looker:         looker(updater),
		SourceName:     s.sourceName(),
	})
	setCurrent(func(force bool) { go m.Restart("hook", force) })
	if updater != nil {
		updater.Offer, updater.Log = m.Offer, log
		updater.Note, updater.Held, updater.GaveUp = m.Note, m.IsHeld, m.GaveUp
		if s.command != nil {
			updater.Preflight = s.command.preflight(m)
		}
		if !s.NoRestart { // there, what is installed counts: it runs at the next start
			updater.Runs = m.Runs
		}
		updater.Memory = handed.state.Updates
		m.Updates(updater.Run, updater.Remembered)
	}
	return m
}

// looker is nil where there is no source.
func looker(u *update.Updater) master.Looker {
	if u == nil {
		return nil
	}
	return u
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
