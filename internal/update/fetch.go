package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// fetch asks the source once. It returns a candidate that can run here, or nil
// where there is nothing new.
func (u *Updater) fetch(ctx context.Context) (*store.Staged, error) {
	if err := u.Store.CanUpgrade(); err != nil {
		return nil, fmt.Errorf("upgrading is not possible: %w", err)
	}
	body, err := u.ask(ctx)
	if err != nil || body == nil {
		return nil, err
	}
	candidate := fetcher.Describe(body)
	verified, err := trust.Check(ctx, u.Policy, candidate)
	if err != nil {
		return nil, errors.Join(err, candidate.Close())
	}
	st, err := u.Store.Stage(ctx, verified, 0)
	if errors.Is(err, store.ErrQuarantined) {
		taken(body)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	taken(body)
	if known, err := u.known(st.Digest()); known || err != nil {
		return nil, errors.Join(err, st.Discard())
	}
	if err := u.preflight(ctx, st); err != nil {
		return nil, errors.Join(err, st.Discard())
	}
	return st, nil
}

// ask calls the source, which may never return.
func (u *Updater) ask(ctx context.Context) (body io.Reader, err error) {
	type answer struct{ body io.Reader }
	got := make(chan answer, 1)
	err = call(ctx, "Fetch", func() (err error) {
		var a answer
		if f, ok := u.Source.(fetcher.ContextFetcher); ok {
			a.body, err = f.FetchContext(ctx)
		} else {
			a.body, err = u.Source.Fetch()
		}
		got <- a
		return err
	})
	if err != nil {
		return nil, err
	}
	return (<-got).body, nil
}

// taken tells the source that it need not offer these bytes again.
func taken(body io.Reader) {
	if receipt, ok := body.(fetcher.Receipt); ok {
		receipt.Taken()
	}
}

// known reports whether a candidate is installed already, or quarantined.
func (u *Updater) known(d release.Digest) (bool, error) {
	if entry, in, err := u.Store.Quarantined(d); err != nil || in {
		if in {
			u.Log.Debug("a quarantined release was offered again", "release", d.Short(), "reason", entry.Reason)
		}
		return in, err
	}
	installed, err := u.Store.Installed()
	if err != nil {
		return false, err
	}
	return installed == d, nil
}

// preflight runs the candidate's own answer to whether it can run here. One
// that cannot is quarantined.
func (u *Updater) preflight(ctx context.Context, st *store.Staged) error {
	err := u.Preflight(ctx, st)
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrTemporary) {
		return err
	}
	reason := fmt.Sprintf("preflight: %v", err)
	err = fmt.Errorf("release %s failed its preflight and is quarantined: %w", st.Digest().Short(), err)
	return errors.Join(err, u.Store.Quarantine(st.Digest(), reason, time.Now().Add(u.QuarantineFor)))
}

// call runs foreign code. It returns when that does or ctx ends; a panic is an
// error.
func call(ctx context.Context, what string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("%s panicked: %v", what, p)
			}
		}()
		done <- f()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, ctx.Err())
	}
}
