package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// maxWays bounds how often one release is fetched in a row where the source
// says that there is another way to it.
const maxWays = 8

// look is one look at the source.
func (u *Updater) look(ctx context.Context, refused *refusal) (*store.Staged, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	return u.fetch(ctx, refused)
}

// fetch asks the source. It returns a candidate that can run here, or nil where
// there is nothing new.
func (u *Updater) fetch(ctx context.Context, refused *refusal) (st *store.Staged, err error) {
	if err := u.Store.CanUpgrade(); err != nil {
		return nil, fmt.Errorf("upgrading is not possible: %w", err)
	}
	for range maxWays {
		st, err = u.fetchOnce(ctx, refused)
		if !errors.Is(err, fetcher.ErrAgain) || ctx.Err() != nil {
			break
		}
		u.Log.Warn("a release is fetched again, another way", "error", err)
	}
	return st, err
}

// fetchOnce asks the source once: what it says, whether that is trusted, whether
// it is wanted, and only then its bytes.
func (u *Updater) fetchOnce(ctx context.Context, refused *refusal) (*store.Staged, error) {
	body, err := u.ask(ctx)
	var verified trust.Verified
	if err == nil && body != nil {
		verified, err = u.check(ctx, body)
	}
	if errors.Is(err, trust.ErrNotYet) { // of the check, or of one in a fetch process
		u.Log.Debug("a release is not for this host yet", "reason", err)
		return nil, nil // not taken: its time may come
	}
	if err != nil || body == nil {
		return nil, err
	}
	if v, err := u.foresee(ctx, verified, refused); v != wanted {
		err = errors.Join(err, abandon(ctx, body))
		if v == unwanted {
			err = errors.Join(err, taken(ctx, body))
		}
		return nil, err
	}
	u.looks.at("fetch", verified.Candidate().Digest, verified.Version())
	st, err := u.stage(ctx, verified)
	u.pass(ctx, body)
	if errors.Is(err, store.ErrQuarantined) {
		return nil, taken(ctx, body)
	}
	if unfit, ok := errors.AsType[*store.UnfitError](err); ok {
		return nil, errors.Join(u.condemn(unfit.Digest, "staging", unfit.Err), taken(ctx, body))
	}
	if err != nil {
		return nil, err
	}
	u.looks.at("preflight", st.Digest(), verified.Version())
	v, err := u.judge(ctx, st, refused)
	if v != undecided {
		err = errors.Join(err, taken(ctx, body))
	}
	if v != wanted {
		return nil, errors.Join(err, st.Discard())
	}
	c := verified.Candidate()
	u.note(slog.LevelInfo, "fetched", admin.Event{Kind: admin.Fetched, Release: st.Digest().String(), Version: verified.Version()},
		slog.String("release", st.Digest().Short()), slog.String("version", verified.Version()), slog.String("source", c.Source), slog.String("trusted_by", verified.By()))
	return st, err
}

// ask calls the source, which may never return. A wait in there is cut short for
// a look that is wanted now.
func (u *Updater) ask(ctx context.Context) (io.Reader, error) {
	f, ok := u.Source.(fetcher.ContextFetcher)
	if !ok {
		return asked(call(ctx, "Fetch", u.Source.Fetch))
	}
	for {
		inner := u.looks.enter(ctx)
		body, err := asked(call(ctx, "Fetch", func() (io.Reader, error) { return f.FetchContext(inner) }))
		if !u.looks.leave(inner) || ctx.Err() != nil {
			return body, err
		}
		if body != nil { // what came in that moment could not be read any more
			if err := abandon(ctx, body); err != nil {
				return nil, err
			}
		}
	}
}

// asked is what a source has answered.
func asked(body io.Reader, err error) (io.Reader, error) {
	if v := reflect.ValueOf(body); err != nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, err // a typed nil means "nothing new" too
	}
	return body, nil
}

// check asks the policy. The body of what it refuses is closed, unread.
func (u *Updater) check(ctx context.Context, body io.Reader) (trust.Verified, error) {
	verified, err := call(ctx, "the look at what Fetch returned", func() (trust.Verified, error) {
		return trust.Check(ctx, u.Policy, fetcher.Describe(body))
	})
	if err != nil {
		err = errors.Join(err, abandon(ctx, body))
	}
	return verified, err
}

// foresee judges by the digest that was announced, so that what is not wanted is
// not downloaded either.
func (u *Updater) foresee(ctx context.Context, verified trust.Verified, refused *refusal) (verdict, error) {
	d := verified.Candidate().Digest
	if d.IsZero() {
		return wanted, nil // the bytes will tell
	}
	return u.want(ctx, d, refused)
}

// stage brings the bytes to the disk. The body is closed.
func (u *Updater) stage(ctx context.Context, verified trust.Verified) (*store.Staged, error) {
	st, err := u.Store.Stage(ctx, verified, 0)
	if errors.Is(err, store.ErrStuck) || errors.Is(err, store.ErrUnverified) {
		err = errors.Join(err, abandon(ctx, verified.Candidate().Body)) // Stage has not touched it
	}
	return st, err
}

// pass tells what the source remarked on the way of bytes that came all the same.
func (u *Updater) pass(ctx context.Context, body io.Reader) {
	r, ok := body.(fetcher.Remarker)
	if !ok {
		return
	}
	remarks, err := call(ctx, "Remarks", func() ([]string, error) { return r.Remarks(), nil })
	if ctx.Err() != nil {
		return // it was not waited for
	}
	if err != nil {
		remarks = []string{err.Error()}
	}
	for _, text := range remarks {
		u.Log.Warn("remark of the source", "text", text)
	}
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
	if v, err := u.want(ctx, st.Digest(), refused); v != wanted {
		return v, err
	}
	return u.preflight(ctx, st)
}

// want reports whether there is something to be done about a digest.
func (u *Updater) want(ctx context.Context, d release.Digest, refused *refusal) (verdict, error) {
	known, err := u.known(ctx, d)
	switch {
	case err != nil:
		return undecided, err
	case known || refused.holds(d):
		return unwanted, nil
	}
	return wanted, nil
}

// known reports whether a candidate has failed, or is what runs. That it is
// installed is not enough: another master that shares the binary may have
// installed it, and this one would go on with the release before for ever.
func (u *Updater) known(ctx context.Context, d release.Digest) (bool, error) {
	if entry, in, err := u.Store.Quarantined(d); err != nil || in {
		if in {
			u.Log.Debug("a quarantined release was offered again", "release", d.Short(), "reason", entry.Reason)
		}
		return in, err
	}
	if u.GaveUp != nil {
		if gaveUp, err := u.GaveUp(ctx, d); err != nil || gaveUp {
			return gaveUp, err
		}
	}
	installed, err := u.Store.Installed(ctx)
	if err != nil || installed != d || u.Runs == nil {
		return installed == d, err
	}
	return u.Runs(ctx, d)
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
	return unwanted, u.condemn(st.Digest(), "preflight", err)
}

// A condemnedError is why a candidate is quarantined that was never tried.
type condemnedError struct {
	digest release.Digest
	step   string // in which that came out
	err    error
}

func (e *condemnedError) Error() string {
	return fmt.Sprintf("release %s failed its %s and is quarantined: %v", e.digest.Short(), e.step, e.err)
}

func (e *condemnedError) Unwrap() error { return e.err }

// condemn quarantines a candidate that cannot run here, and says so. step is
// where that came out.
func (u *Updater) condemn(d release.Digest, step string, why error) error {
	err := &condemnedError{digest: d, step: step, err: why}
	return errors.Join(err, u.Store.Quarantine(d, fmt.Sprintf("%s: %v", step, why), time.Now().Add(u.QuarantineFor)))
}
