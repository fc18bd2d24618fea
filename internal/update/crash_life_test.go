//go:build unix

package update

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/internal/store"
)

// A life is a master's, as far as its disk sees it.
type life struct {
	host
	store     *store.Store
	preflight func(context.Context, *store.Staged) error
	trouble   func(error) // what went wrong and is tried again
	left      bool        // what was discarded may be there until the next master
	promises  promises
}

// promises takes note of what is true from now on, also after a power cut, until
// the returned function is called.
type promises interface {
	promise(what string, kept func(*view) error) (over func())
}

// noPromises is for who looks in another way.
type noPromises struct{}

func (noPromises) promise(string, func(*view) error) (over func()) { return func() {} }

func newLife(h host, disk durable.Disk) (*life, error) {
	s, err := h.shape.open(h, disk)
	l := &life{host: h, store: s, trouble: func(error) {}, promises: noPromises{}}
	l.preflight = func(ctx context.Context, st *store.Staged) error { return answers(ctx, st.Path()) }
	return l, err
}

// upgrade takes a release all the way, again where that failed, until it is
// installed or quarantined, or ctx ends.
func (l *life) upgrade(ctx context.Context, number int) error {
	for {
		settled, err := l.settled(ctx, number)
		if err != nil || settled {
			return err
		}
		if err := l.once(ctx, number); err != nil {
			return err
		}
	}
}

// once ends with the trial of a release.
func (l *life) once(ctx context.Context, number int) error {
	if err := l.publish(number); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	source, policy := l.offers(func(n int) {
		l.promises.promise(fmt.Sprintf("release %d was let in", n), remembers(n))
	})
	offered := make(chan *store.Staged)
	u := &Updater{
		Source:    source,
		Policy:    policy,
		Store:     l.store,
		Interval:  time.Millisecond,
		Preflight: l.preflight,
		Offer: func(st *store.Staged) {
			select {
			case offered <- st:
			case <-ctx.Done():
				discard(st)
			}
		},
		QuarantineFor: time.Hour,
		Log:           slog.New(troubles(l.trouble)),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		u.Run(ctx)
	}()
	defer func() {
		cancel()
		<-done
	}()
	select {
	case st := <-offered:
		return l.try(ctx, st, number)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settled reports whether there is nothing left to do about a release.
func (l *life) settled(ctx context.Context, number int) (bool, error) {
	e := l.editions[number]
	if e.Bad {
		_, in, err := l.store.Quarantined(e.Digest)
		return in, err
	}
	d, err := l.store.Installed(ctx)
	return d == e.Digest, err
}

// try does what a master does with a candidate: the trial, then the commit or
// the quarantine. What fails for the host's sake it puts off for a moment.
func (l *life) try(ctx context.Context, st *store.Staged, number int) error {
	e := l.editions[number]
	for pause := new(looks); ctx.Err() == nil; pause.wait(ctx, time.Millisecond) {
		if err := l.store.BeginTrial(st); err != nil {
			l.trouble(err)
			continue
		}
		over := l.promises.promise(fmt.Sprintf("release %d is on trial", number), onTrial(e))
		forget := l.promises.promise(fmt.Sprintf("release %d was on trial", number), known(e))
		out, err := runs(ctx, st.Path())
		if e.Bad && err == nil || !e.Bad && (err != nil || out != says(number)) {
			return fmt.Errorf("the candidate of release %d says %q, %v", number, out, err)
		}
		over()
		if e.Bad {
			return l.reject(st, e)
		}
		done, err := l.store.Install(ctx, st)
		if err == nil {
			return l.committed(done, e)
		}
		l.trouble(err)
		forget()
		if err := l.store.EndTrial(e.Digest); err != nil {
			l.trouble(err)
		}
	}
	return ctx.Err()
}

func (l *life) committed(done store.Installed, e edition) error {
	for _, w := range done.Warnings {
		l.trouble(w)
	}
	if len(done.Warnings) > 0 {
		return nil // it may come to light that it was not: its trial stays on record
	}
	l.promises.promise(fmt.Sprintf("release %d is installed", e.Number), installs(e))
	l.promises.promise(fmt.Sprintf("what was installed before release %d is kept", e.Number), keeps(l.before(e.Number)))
	if err := l.store.EndTrial(e.Digest); err != nil {
		l.trouble(err)
	}
	return nil
}

// reject is not tried again where it fails: the master remembers by itself what
// it refused.
func (l *life) reject(st *store.Staged, e edition) error {
	err := l.store.Quarantine(e.Digest, "it failed its trial", time.Now().Add(time.Hour))
	if err != nil {
		l.trouble(err)
	} else {
		l.promises.promise(fmt.Sprintf("release %d is quarantined", e.Number), quarantines(e))
	}
	if err := st.Discard(); err != nil {
		l.trouble(err)
		l.left = true
	}
	return nil
}

// troubles hands on the error of each failure that is logged.
type troubles func(error)

func (troubles) Enabled(context.Context, slog.Level) bool { return true }
func (t troubles) WithAttrs([]slog.Attr) slog.Handler     { return t }
func (t troubles) WithGroup(string) slog.Handler          { return t }
func (t troubles) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			t(fmt.Errorf("%s: %w", r.Message, err))
		}
		return true
	})
	return nil
}

// says is what an edition prints.
func says(number int) string { return fmt.Sprintf("edition %d\n", number) }

// runs executes a program to its end.
func runs(ctx context.Context, path string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), candidateVariable+"=edition", "GORACE=atexit_sleep_ms=0")
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	return string(out), err
}

// answers is the preflight of a script.
func answers(ctx context.Context, path string) error {
	out, err := runs(ctx, path, "preflight")
	if err == nil && strings.TrimSpace(out) != "" {
		err = errors.New("it has run")
	}
	return err
}
