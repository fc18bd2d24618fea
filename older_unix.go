//go:build unix

package overseer

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/worker"
)

// runOlderWorker runs the program for a master of the older library.
func (s settled) runOlderWorker() error {
	in := inherited.older
	if s.Credential != nil {
		refuse(fmt.Errorf("run under a master of the older library: %w: restart the service, so that its master is of this one too", errOlderCredential))
	}
	log := newLogger(s.Config)
	for _, w := range s.warnings {
		log.Warn(w)
	}
	setup := handover.Setup{ID: in.ID, BinPath: in.Binary, TerminateTimeout: s.TerminateTimeout}
	if setup.BinPath == "" {
		setup.BinPath = s.binary
	}
	_, setup.Digest = hashes(runningFile())
	w, err := worker.ConnectOlder(in, worker.OlderConfig{
		Addresses:     s.addresses,
		Setup:         setup,
		RestartSignal: s.RestartSignal,
		NoRestart:     s.NoRestart,
		Quit:          os.Exit,
	})
	if err != nil {
		refuse(fmt.Errorf("run under a master of the older library: %w: restart the service, so that its master is of this one too", err))
	}
	log.Warn("this process is run by a master of the older library, which still restarts and upgrades as it did: restart the service once to finish the move", "master", in.Parent)
	setCurrent(func(force bool) {
		if err := w.Restart(force); err != nil {
			log.Warn("no restart", "error", err)
		}
	})
	s.Program(workerState(w.Worker, olderSupervised{supervised{w.Worker}, w}))
	w.Wait()
	os.Exit(0)
	return nil
}

// runningFile is where this process finds its own bytes: the installed path may
// hold others by now.
func runningFile() string {
	const own = "/proc/self/exe" // proc(5): Linux only
	if _, err := os.Stat(own); err == nil {
		return own
	}
	path, _ := os.Executable() // an empty path cannot be hashed
	return path
}

// olderSupervised is the run of a State under a master of the older library.
type olderSupervised struct {
	supervised
	older *worker.Older
}

func (s olderSupervised) Ready() { s.older.Ready() }

func (s olderSupervised) Status(ctx context.Context) (Status, error) {
	_, err := s.older.Status(ctx)
	return Status{}, err
}
