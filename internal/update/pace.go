package update

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
)

const (
	// slowest is the longest wait after failures in a row, unless the source
	// asks for more or the interval is longer anyway.
	slowest = 5 * time.Minute

	// A candidate that PreUpgrade has refused is put before it again after
	// firstAgain, then after twice as long each time, up to lastAgain.
	firstAgain = time.Minute
	lastAgain  = time.Hour
)

// A pace says when the next fetch is due: at once, then after each interval,
// and after failures with growing waits.
type pace struct {
	interval time.Duration
	at       time.Time
	failures int
	last     error
}

func (p *pace) wait() time.Duration { return time.Until(p.at) }

func (p *pace) due() bool { return p.wait() <= 0 }

// done notes the outcome of a fetch and returns the one before.
func (p *pace) done(err error) (before error) {
	before, p.last = p.last, err
	after := p.interval
	if err == nil {
		p.failures = 0
	} else {
		p.failures++
		after = p.backoff()
		var later *fetcher.RetryAfterError
		if errors.As(err, &later) {
			after = max(after, later.After)
		}
	}
	p.at = time.Now().Add(after)
	return before
}

// backoff doubles with each failure; a random fifth keeps a fleet whose server
// was down from coming back all at once. It is never below the interval.
func (p *pace) backoff() time.Duration {
	d := max(p.interval, time.Millisecond)
	for n := 1; n < p.failures && d < slowest; n++ {
		d *= 2
	}
	d = max(min(d, slowest), p.interval)
	return max(d-d/10+rand.N(d/5+1), p.interval)
}

// A refusal keeps the one candidate that PreUpgrade has refused last.
type refusal struct {
	staged *store.Staged
	at     time.Time
	after  time.Duration
}

// keep holds a candidate, instead of the one held before, and returns when it
// is due again.
func (r *refusal) keep(st *store.Staged) time.Duration {
	if r.staged != st {
		r.drop()
		r.staged, r.after = st, firstAgain/2
	}
	r.after = min(2*r.after, lastAgain)
	r.at = time.Now().Add(r.after)
	return r.after
}

// release lets go of a candidate that is offered, and drops one that it takes
// the place of.
func (r *refusal) release(st *store.Staged) {
	if r.staged == st {
		r.staged = nil
	}
	r.drop()
}

func (r *refusal) drop() {
	discard(r.staged)
	r.staged = nil
}

// holds reports whether it is these bytes that wait to be asked about again.
func (r *refusal) holds(d release.Digest) bool { return r.staged != nil && r.staged.Digest() == d }

func (r *refusal) due() bool { return r.staged != nil && !time.Now().Before(r.at) }

// sooner returns the wait until the refusal is due, or the other wait where that
// is shorter.
func (r *refusal) sooner(wait time.Duration) time.Duration {
	if r.staged == nil {
		return wait
	}
	return min(wait, time.Until(r.at))
}
