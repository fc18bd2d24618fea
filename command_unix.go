//go:build unix

package overseer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/master"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/internal/update"
)

// stops reports whether a signal stops a process where it is, or kills it.
func stops(n syscall.Signal) bool { return n == syscall.SIGSTOP || n == syscall.SIGKILL }

// foreign returns what the master starts in place of this binary, or nil. With
// it this binary is the master's alone: an upgrade replaces another program.
func (s settled) foreign() *master.Command {
	c := s.command
	if c == nil {
		return nil
	}
	number := func(sig any) int { n, _ := sig.(syscall.Signal); return int(n) } // none: 0
	return &master.Command{
		Args:          c.Args,
		Program:       c.program,
		Release:       c.release,
		Env:           c.Env,
		Dir:           c.Dir,
		Trees:         c.Home != "",
		Names:         c.Names,
		NonBlocking:   c.NonBlocking,
		CaptureStderr: c.CaptureStderr,
		PrivateProbe:  c.PrivateProbe,
		Ready:         map[ReadyBy]master.ReadyBy{ReadyByTime: master.ReadyByTime, ReadyByProbe: master.ReadyByProbe, ReadyByNotify: master.ReadyByNotify}[c.Ready],
		ReadyAfter:    c.ReadyAfter,
		Drain:         number(c.DrainSignal),
		Standby:       number(c.StandbySignal),
		Resume:        number(c.ResumeSignal),
		Check:         c.Check,
		// A program without sockets would do its work twice.
		Rehearsal: !c.NoRehearsal && !s.Sequential && len(s.addresses) > 0,
	}
}

// preflight is what a release of a Command goes through before its trial.
func (c *settledCommand) preflight(m *master.Master) func(context.Context, *store.Staged) error {
	return func(ctx context.Context, st *store.Staged) error {
		if slices.Contains(c.release, 0) && c.Home == "" { // else it is what an interpreter runs, or a tree was looked at
			if err := update.LookAt(st); err != nil {
				return err
			}
		}
		err := m.Rehearse(ctx, st)
		if errors.Is(err, master.ErrHost) {
			err = fmt.Errorf("%w: %w", update.ErrTemporary, err)
		}
		return err
	}
}
