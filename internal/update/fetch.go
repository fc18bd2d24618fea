package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// fetch asks the source once. It returns a candidate that can run here, or nil
// where there is nothing new.
func (u *Updater) fetch(ctx context.Context, refused *refusal) (*store.Staged, error) {
	if err := u.Store.CanUpgrade(); err != nil {
		return nil, fmt.Errorf("upgrading is not possible: %w", err)
	}
	body, err := u.ask(ctx)
	if err != nil || body == nil {
		return nil, err
	}
	st, err := u.stage(ctx, body)
	if errors.Is(err, store.ErrQuarantined) {
		return nil, taken(ctx, body)
	}
	if err != nil {
		return nil, err
	}
	v, err := u.judge(ctx, st, refused)
	if v != undecided {
		err = errors.Join(err, taken(ctx, body))
	}
	if v != wanted {
		return nil, errors.Join(err, st.Discard())
	}
	return st, err
}

// ask calls the source, which may never return.
func (u *Updater) ask(ctx context.Context) (io.Reader, error) {
	body, err := call(ctx, "Fetch", func() (io.Reader, error) {
		if f, ok := u.Source.(fetcher.ContextFetcher); ok {
			return f.FetchContext(ctx)
		}
		return u.Source.Fetch()
	})
	if v := reflect.ValueOf(body); err != nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, err // a typed nil means "nothing new" too
	}
	return body, nil
}

// stage brings the bytes to the disk if they are trusted. The body is closed.
func (u *Updater) stage(ctx context.Context, body io.Reader) (*store.Staged, error) {
	verified, err := call(ctx, "the look at what Fetch returned", func() (trust.Verified, error) {
		return trust.Check(ctx, u.Policy, fetcher.Describe(body))
	})
	if err != nil {
		return nil, errors.Join(err, abandon(ctx, body))
	}
	st, err := u.Store.Stage(ctx, verified, 0)
	if errors.Is(err, store.ErrStuck) || errors.Is(err, store.ErrUnverified) {
		err = errors.Join(err, abandon(ctx, body)) // Stage has not touched it
	}
	return st, err
}

// abandon closes a body that nobody reads.
func abandon(ctx context.Context, body io.Reader) error {
	return run(ctx, "Close of what Fetch returned", release.Candidate{Body: body}.Close)
}

// taken tells the source that it need not offer these bytes again.
func taken(ctx context.Context, body io.Reader) error {
	receipt, ok := body.(fetcher.Receipt)
	if !ok {
		return nil
	}
	return run(ctx, "Taken", func() error { receipt.Taken(); return nil })
}

// A verdict is what became of a staged candidate.
type verdict int

const (
	undecided verdict = iota // nothing is known: the source is to offer it again
	unwanted
	wanted
)

func (u *Updater) judge(ctx context.Context, st *store.Staged, refused *refusal) (verdict, error) {
	if known, err := u.known(st.Digest()); err != nil {
		return undecided, err
	} else if known || refused.holds(st.Digest()) {
		return unwanted, nil
	}
	return u.preflight(ctx, st)
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
func (u *Updater) preflight(ctx context.Context, st *store.Staged) (verdict, error) {
	err := u.Preflight(ctx, st)
	switch {
	case err == nil:
		return wanted, nil
	case ctx.Err() != nil || errors.Is(err, ErrTemporary):
		return undecided, err
	}
	reason := fmt.Sprintf("preflight: %v", err)
	err = fmt.Errorf("release %s failed its preflight and is quarantined: %w", st.Digest().Short(), err)
	return unwanted, errors.Join(err, u.Store.Quarantine(st.Digest(), reason, time.Now().Add(u.QuarantineFor)))
}
