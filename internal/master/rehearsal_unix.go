//go:build unix

package master

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/store"
)

// ErrHost marks a rehearsal that failed through no fault of the release.
var ErrHost = errors.New("the host is at fault")

// Rehearse is the preflight of a release in another language: its check is run,
// then the program itself, on sockets that nobody else knows, until it is ready
// there and its probe has passed; then it is told to end. So a release that
// cannot serve never gets the public sockets. It waits for the first generation.
func (m *Master) Rehearse(ctx context.Context, st *store.Staged) error {
	select {
	case <-m.spawned:
	case <-m.quit:
		return fmt.Errorf("%w: %w", ErrHost, errEnded)
	case <-ctx.Done():
		return ctx.Err()
	}
	verdict := make(chan error, 1)
	taken := m.call(func() {
		m.beside.Go(func() {
			verdict <- m.try(ctx, binary{file: st.File(), path: st.Path(), dir: st.Root(), digest: st.Digest(), id: st.ID()})
		})
	})
	if !taken {
		return fmt.Errorf("%w: %w", ErrHost, errEnded)
	}
	return <-verdict
}

// try runs a release as far as Rehearse has it. It ends with the master too.
func (m *Master) try(ctx context.Context, bin binary) error {
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Settings.ReadyTimeout)
	defer cancel()
	defer context.AfterFunc(m.ctx, cancel)()
	if len(m.cfg.Command.Check) > 0 {
		if err := m.check(ctx, bin); err != nil {
			return err
		}
	}
	if !m.cfg.Command.Rehearsal {
		return nil
	}
	return m.rehearse(ctx, bin)
}

// check runs a release with the arguments of its check.
func (m *Master) check(ctx context.Context, bin binary) error {
	f, _, err := m.startForeign(foreignStart{
		open: func() (binary, error) { return bin, nil }, log: m.cfg.Log.With("check", bin.digest.Short()),
		capture: true, quiet: true, args: m.cfg.Command.checkArgs(),
	})
	if err != nil {
		return blame(err)
	}
	defer f.end()
	select {
	case <-f.process.Done():
	case <-ctx.Done():
		return late(ctx, "its check did not end", f, m.cfg.Settings.ReadyTimeout)
	}
	if exit := f.process.Exit(); exit.Code != 0 || exit.Signal != 0 {
		return m.died("its check", exit)
	}
	return nil
}

// checkArgs are the program, up to where the release stands, and the arguments
// of the check.
func (c *Command) checkArgs() []string {
	last := 0
	if len(c.Release) > 0 {
		last = c.Release[len(c.Release)-1]
	}
	return append(append([]string(nil), c.Args[:last+1]...), c.Check...)
}

func (m *Master) rehearse(ctx context.Context, bin binary) error {
	sockets, release, err := privateSockets(m.cfg.Sockets, m.cfg.Command.NonBlocking)
	if err != nil {
		return fmt.Errorf("%w: make the sockets of a rehearsal: %w", ErrHost, err)
	}
	defer release()
	f, _, err := m.startForeign(foreignStart{
		open: func() (binary, error) { return bin, nil }, sockets: sockets, own: true, probed: m.cfg.Command.PrivateProbe,
		capture: true, env: []string{"OVERSEER_REHEARSAL=1"}, log: m.cfg.Log.With("rehearsal", bin.digest.Short()),
	})
	if err != nil {
		return blame(err)
	}
	defer f.end()
	f.log.Debug("rehearsal", "pid", f.process.PID)
	err = f.awaitReady(ctx, 0)
	if err == nil && m.cfg.Probe != nil && f.cmd.Ready != ReadyByProbe {
		err = f.awaitHealth(ctx, 0)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return late(ctx, fmt.Sprintf("in its rehearsal it was not ready: %v", err), f, m.cfg.Settings.ReadyTimeout)
	case errors.Is(err, errGone):
		return m.died("in its rehearsal it", f.process.Exit())
	}
	return fmt.Errorf("in its rehearsal: %w", err)
}

// end has a process finish, and kills what does not.
func (f *foreign) end() {
	f.process.Signal(f.cmd.Drain)
	timer := time.NewTimer(f.m.cfg.Settings.TerminateTimeout)
	defer timer.Stop()
	select {
	case <-f.process.Done():
	case <-timer.C:
		f.log.Warn("did not end in time after it had been tried: it is killed")
	case <-f.m.quit:
	}
	f.kill()
	f.process.Exit()
	f.close()
}

// blame tells a failure of the host from one of the release.
func blame(err error) error {
	if temporary(err) {
		return fmt.Errorf("%w: %w", ErrHost, err)
	}
	return err
}

// died blames a release for the end of its process, unless all is being stopped:
// a service manager may send its signal to each process of the service.
func (m *Master) died(what string, exit proc.Exit) error {
	sleep(m.ctx, deathGrace) // the master may hear of it a moment later
	stopping := true
	asked := make(chan struct{})
	if m.call(func() { stopping = m.machine.Snapshot().Stopping; close(asked) }) {
		select {
		case <-asked:
		case <-m.quit:
		}
	}
	select {
	case <-m.quit:
		return fmt.Errorf("%w: %w", ErrHost, errEnded)
	default:
	}
	if stopping {
		return fmt.Errorf("%w: the service is being stopped", ErrHost)
	}
	return fmt.Errorf("%s %s", what, ended(exit))
}

// late explains the end of a wait: by its bound, or because nobody waits any
// more.
func late(ctx context.Context, what string, f *foreign, timeout time.Duration) error {
	if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrHost, context.Cause(ctx))
	}
	return fmt.Errorf("%s within %v%s", what, timeout, quote(f.process.Output()))
}

func ended(exit proc.Exit) string {
	if exit.Signal != 0 {
		return fmt.Sprintf("was ended by signal %d%s", exit.Signal, quote(exit.Output))
	}
	return fmt.Sprintf("exited with code %d%s", exit.Code, quote(exit.Output))
}

func quote(output string) string {
	if output == "" {
		return ""
	}
	return ": " + output
}
