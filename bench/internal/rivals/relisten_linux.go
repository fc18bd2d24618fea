package rivals

import (
	"context"
	"errors"
	"runtime"
	"syscall"

	"github.com/seed-3d078585/overseer/bench/contestant"
)

// relisten is the baseline: the program shuts down in good order, which closes
// its sockets, and is started anew when it is gone.
type relisten struct {
	seen
	process *process
	again   chan error // of the restart that is under way
}

func (r *relisten) Name() string     { return "close and listen again" }
func (r *relisten) Available() error { return nil }
func (r *relisten) Version() string  { return runtime.Version() }
func (r *relisten) PID() int         { return r.process.pid() }

func (r *relisten) Abilities() contestant.Abilities {
	return contestant.Abilities{Handover: true, HTTP2: true, TCP: true}
}

func (r *relisten) Start(ctx context.Context, place contestant.Place) (err error) {
	if r.process, err = startProgram(place, RolePlain); err != nil {
		return err
	}
	if err := r.begin(ctx, place, r.process.gone); err != nil {
		return errors.Join(err, r.Stop())
	}
	return nil
}

func (r *relisten) Trigger() error {
	again := make(chan error, 1)
	r.again = again
	go func() {
		err := r.process.stop(syscall.SIGTERM)
		if err == nil {
			r.process, err = startProgram(r.place, RolePlain)
		}
		again <- err
	}()
	return nil
}

// Wait has the process back before it asks, as Stop would otherwise stop the
// old one. Both steps of a restart are bounded.
func (r *relisten) Wait(ctx context.Context) error {
	err := r.restarted()
	if err != nil {
		return err
	}
	return r.next(ctx)
}

func (r *relisten) restarted() (err error) {
	if r.again != nil {
		err, r.again = <-r.again, nil
	}
	return err
}

func (r *relisten) Stop() error {
	if err := r.restarted(); err != nil {
		return err
	}
	return r.process.stop(syscall.SIGTERM)
}
