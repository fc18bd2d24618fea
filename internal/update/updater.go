package update

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// An Updater runs one source. Its fields are constant once Run is called.
type Updater struct {
	Source   fetcher.Interface
	Policy   trust.Policy
	Store    *store.Store
	Interval time.Duration // the least time between two fetches

	// Preflight says whether a staged candidate can run here. An error that
	// matches [ErrTemporary] says nothing about the candidate.
	Preflight func(context.Context, *store.Staged) error

	// PreUpgrade is the user's own check, or nil.
	PreUpgrade func(path string) error

	// Runs reports whether a release that is installed is what runs, or comes
	// up. Nil: what is installed counts as such.
	Runs func(context.Context, release.Digest) (bool, error)

	// GaveUp reports whether a release has failed, which may not be on record yet.
	// Nil: what is on record counts.
	GaveUp func(context.Context, release.Digest) (bool, error)

	// Offer hands a candidate over; the receiver owns it.
	Offer func(*store.Staged)

	// Note tells an event, with the line and the attributes that the log has
	// for it. Nil: the log alone is told.
	Note func(level slog.Level, text string, e admin.Event, attrs ...slog.Attr)

	// Held reports whether nothing is to be fetched for now. Nil: never.
	Held func() bool

	// Memory is what Remembered has returned in a process before this one, or
	// nil.
	Memory []byte

	// End is called when Run returns, or nil: it ends what the source is made of.
	End func()

	QuarantineFor time.Duration
	Log           *slog.Logger

	looks looks
}

// Remembered returns what the source knows of what was taken, for the process
// that goes on in the place of this one. Run has returned by then.
func (u *Updater) Remembered() []byte {
	if source, ok := u.Source.(fetcher.Rememberer); ok {
		return source.Memory()
	}
	return nil
}

// ErrTemporary marks a failure that is the host's and not the candidate's.
var ErrTemporary = errors.New("the host is at fault")

// Run fetches until ctx ends, and returns within moments of that; a call into
// the source that does not return is left behind.
func (u *Updater) Run(ctx context.Context) {
	if u.End != nil {
		defer u.End()
	}
	u.recover(ctx)
	u.settleIn()
	if source, ok := u.Source.(fetcher.Rememberer); ok && u.Memory != nil {
		source.Remember(u.Memory)
	}
	if err := run(ctx, "Fetcher.Init", u.Source.Init); err != nil {
		if ctx.Err() == nil {
			u.Log.Error("upgrades are off: the fetcher could not be set up", "error", err)
		}
		return
	}
	fetches := pace{interval: u.Interval}
	var refused refusal // what PreUpgrade has refused, to be asked again
	defer refused.drop()
	for u.looks.wait(ctx, refused.sooner(fetches.wait())) {
		asked := u.looks.asked()
		if refused.due() || asked && refused.staged != nil {
			u.put(ctx, refused.staged, &refused)
		}
		if !fetches.due() && !asked {
			continue
		}
		if u.Held != nil && u.Held() {
			fetches.done(nil)
			continue
		}
		st, err := u.look(ctx, &refused)
		if ctx.Err() != nil {
			discard(st)
			return
		}
		before := fetches.done(err)
		asked = u.looks.done(fetches.at, err)
		u.tell(before, err, asked)
		switch {
		case st != nil:
			u.put(ctx, st, &refused)
		case err == nil && asked:
			u.note(slog.LevelInfo, "there is nothing new", admin.Event{Kind: admin.NothingNew})
		}
	}
}

// settleIn tells the source and the policy on which host they are.
func (u *Updater) settleIn() {
	u.Policy = trust.On(u.Policy, trust.Host{Memory: u.Store.Memory(), Installed: u.Store.Installed})
	if source, ok := u.Source.(fetcher.HostFetcher); ok {
		source.SetHost(fetcher.Host{Installed: u.installed, Scratch: u.Store.Dir()})
	}
}

// installed opens the program that a delta may start from.
func (u *Updater) installed(ctx context.Context) (fetcher.Installed, error) {
	f, d, err := u.Store.OpenInstalled(ctx)
	if errors.Is(err, store.ErrNoArchive) {
		return fetcher.Installed{}, nil // the release comes whole
	}
	if err != nil {
		return fetcher.Installed{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close() // only read
		return fetcher.Installed{}, err
	}
	return fetcher.Installed{ReaderAt: f, Closer: f, Size: info.Size(), Digest: d}, nil
}

// recover deals with what an earlier master has left behind.
func (u *Updater) recover(ctx context.Context) {
	recovery, err := u.Store.Recover(ctx)
	if err != nil && ctx.Err() == nil {
		u.Log.Warn("could not look after earlier upgrades", "error", err)
	}
	for _, warning := range recovery.Warnings {
		u.Log.Warn("upgrade records", "error", warning)
	}
	if text := recovery.String(); text != "" {
		e := admin.Event{Kind: admin.Interrupted, Reason: text}
		if len(recovery.Interrupted) > 0 {
			e.Release = recovery.Interrupted[0].Digest.String()
		}
		u.note(slog.LevelWarn, "an earlier master ended during an upgrade", e, slog.String("done", text))
	}
}

// put puts a candidate before PreUpgrade, and offers it or keeps it for later.
func (u *Updater) put(ctx context.Context, st *store.Staged, refused *refusal) {
	var err error
	if u.PreUpgrade != nil {
		err = run(ctx, "PreUpgrade", func() error { return u.PreUpgrade(st.Path()) })
	}
	switch {
	case ctx.Err() != nil:
		refused.keep(st)
	case err != nil:
		after := refused.keep(st)
		u.note(slog.LevelWarn, "PreUpgrade refused a release", admin.Event{Kind: admin.Refused, Release: st.Digest().String(), Reason: "PreUpgrade: " + err.Error()},
			slog.String("release", st.Digest().Short()), slog.Any("error", err), slog.Duration("asked_again_in", after))
	default:
		refused.release(st)
		u.Offer(st)
	}
}

// tell tells the outcome of a fetch: once for each cause, and once when it is
// over; where somebody has asked for the fetch, in any case.
func (u *Updater) tell(before, err error, asked bool) {
	switch {
	case err != nil && (asked || before == nil || cause(before) != cause(err)):
		e := admin.Event{Kind: admin.FetchFailed, Reason: err.Error()}
		if bad, ok := errors.AsType[*condemnedError](err); ok {
			e = admin.Event{Kind: admin.Refused, Release: bad.digest.String(), Reason: bad.step + ": " + bad.err.Error()}
		}
		u.note(slog.LevelWarn, "no release could be fetched", e, slog.Any("error", err))
	case err != nil:
		u.Log.Debug("no release could be fetched", "error", err)
	case before != nil:
		u.note(slog.LevelInfo, "fetching works again", admin.Event{Kind: admin.FetchWorks})
	}
}

func (u *Updater) note(level slog.Level, text string, e admin.Event, attrs ...slog.Attr) {
	if u.Note == nil {
		u.Log.LogAttrs(context.Background(), level, text, attrs...)
		return
	}
	u.Note(level, text, e, attrs...)
}

// random is the part of a staged file's name that is new at each fetch.
var random = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Z2-7]{26}`) })

func cause(err error) string { return random().ReplaceAllLiteralString(err.Error(), "*") }

func discard(st *store.Staged) {
	if st != nil {
		st.Discard() // the next Recover finds what is left
	}
}
