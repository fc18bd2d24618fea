package rivals

import (
	"context"
	"errors"
	"runtime"
	"syscall"

	"github.com/seed-3d078585/overseer/bench/contestant"
)

// own is a role of the benchmark's own binary: the program under overseer, or
// by itself.
type own struct {
	name, role string
	handover   bool

	seen
	process *process
}

func (o *own) Name() string     { return o.name }
func (o *own) Available() error { return nil }
func (o *own) Version() string  { return runtime.Version() }
func (o *own) PID() int         { return o.process.pid() }

func (o *own) Abilities() contestant.Abilities {
	return contestant.Abilities{Handover: o.handover, HTTP2: true, TCP: true}
}

func (o *own) Start(ctx context.Context, place contestant.Place) (err error) {
	if o.process, err = startProgram(place, o.role); err != nil {
		return err
	}
	if err := o.begin(ctx, place, o.process.gone); err != nil {
		return errors.Join(err, o.Stop())
	}
	return nil
}

func startProgram(place contestant.Place, role string) (*process, error) {
	env := []string{RoleVariable + "=" + role, HTTPVariable + "=" + place.HTTP, TCPVariable + "=" + place.TCP}
	if place.Lines {
		env = append(env, LinesVariable+"=yes")
	}
	return start(place.Dir, place.Command, env...)
}

func (o *own) Trigger() error                 { return o.process.signal(syscall.SIGUSR2) }
func (o *own) Wait(ctx context.Context) error { return o.next(ctx) }
func (o *own) Stop() error                    { return o.process.stop(syscall.SIGTERM) }
