package update

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// looks is when the source is looked at: by its pace, or because somebody wants
// it now. The zero value is ready.
type looks struct {
	mu     sync.Mutex
	wake   chan struct{}           // has a value when one was asked for
	want   bool                    // one was asked for and has not begun
	atOnce bool                    // the next call into the source is for it
	byHand bool                    // the look that is under way is for it
	hurry  context.CancelCauseFunc // ends the wait in the source; nil: it is in none

	looked, due time.Time
	err         error
	progress    *admin.Operation // nil: no release is on its way
}

// Progress returns how far a release has come that is on its way to be offered:
// fetch or preflight; nil: none is.
func (u *Updater) Progress() *admin.Operation {
	l := &u.looks
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.progress == nil {
		return nil
	}
	o := *l.progress
	return &o
}

// at notes how far a release has come.
func (l *looks) at(stage string, d release.Digest, version string) {
	o := &admin.Operation{Kind: "upgrade", Stage: stage, Since: time.Now().UTC(), Release: admin.Release{Version: version}}
	if !d.IsZero() {
		o.Release.Digest = d.String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = o
}

// errHurry ends a wait in the source.
var errHurry = errors.New("a look at once was asked for")

// Look has the source asked now. It returns at once; the look is told by an event
// in any case.
func (u *Updater) Look() {
	l := &u.looks
	l.mu.Lock()
	defer l.mu.Unlock()
	l.want = true
	if l.hurry != nil {
		l.hurry(errHurry)
	}
	select {
	case l.waked() <- struct{}{}:
	default:
	}
}

// Looked returns when the source was asked last and is asked next, and why it
// failed. Before the first time all are zero.
func (u *Updater) Looked() (last, next time.Time, err error) {
	l := &u.looks
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.looked, l.due, l.err
}

func (l *looks) waked() chan struct{} {
	if l.wake == nil {
		l.wake = make(chan struct{}, 1)
	}
	return l.wake
}

// wait waits until somebody wants a look, at most for d; false means that ctx has
// ended.
func (l *looks) wait(ctx context.Context, d time.Duration) bool {
	l.mu.Lock()
	wake := l.waked()
	l.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// asked reports whether a look was asked for, and takes that on.
func (l *looks) asked() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.takeLocked()
}

func (l *looks) takeLocked() bool {
	if !l.want {
		return false
	}
	l.want, l.atOnce, l.byHand = false, true, true
	return true
}

// enter returns the context of one call into the source, which may wait there.
func (l *looks) enter(ctx context.Context) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.atOnce {
		l.atOnce = false
		return fetcher.AtOnce(ctx)
	}
	inner, hurry := context.WithCancelCause(ctx) // it ends with ctx, which is that of one look
	l.hurry = hurry
	return inner
}

// leave reports whether the call was cut off, and is to be made again.
func (l *looks) leave(inner context.Context) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hurry = nil
	if !errors.Is(context.Cause(inner), errHurry) {
		return false
	}
	l.takeLocked()
	return true
}

// done ends a look, and reports whether somebody had asked for it.
func (l *looks) done(due time.Time, err error) (byHand bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	byHand, l.byHand, l.atOnce = l.byHand, false, false
	l.looked, l.due, l.err = time.Now(), due, err
	l.progress = nil
	return byHand
}
