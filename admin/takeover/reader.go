package takeover

import (
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// asksFor is how long an order, or a release that was fetched, is taken for the
// beginning of what follows it. A release that waits for days for a restart has
// not been under way for days.
const asksFor = 10 * time.Minute

// A Reader reads the events of one master in their order. The zero value is
// ready. It is not safe for concurrent use.
type Reader struct {
	count uint64    // takeovers so far
	now   *Takeover // under way; nil: nothing is

	active  string // digest of the release that is proven; empty: not known
	live    int    // generation that has traffic; 0: not known
	lost    bool   // the one that had traffic has ended, and none has it
	asked   *admin.Event
	fetched *admin.Event

	stopping bool
	cutOff   bool        // the master before ended during an upgrade: that has been told
	refusal  admin.Event // the last one
}

// Read takes the next event and returns what it means, in order.
func (r *Reader) Read(e admin.Event) []Step {
	var s steps
	switch e.Kind {
	case admin.Started:
		cutOff := r.now != nil && (r.now.Kind == Upgrade || r.now.Kind == Rollback)
		s.add(r.cut(e))
		*r = Reader{count: r.count, cutOff: cutOff}
	case admin.Stopping:
		r.stopping = true
		if r.now != nil && r.now.Stage != Trial { // a trial may be a success yet
			s.add(r.end(e, Interrupted, ByOrder))
		}
	case admin.RestartAsked, admin.UpgradeAsked, admin.RollbackAsked:
		asked := e // so that the others need no copy on the heap
		r.asked = &asked
	case admin.Fetched:
		fetched := e
		r.fetched = &fetched
	case admin.NothingNew, admin.FetchFailed, admin.Ignored:
		r.dropOrder(e.Kind)
	case admin.Respawn:
		r.lost = true
	case admin.Starting:
		s.add(r.cut(e))
		s.add(r.begin(e, r.kind(e)))
	case admin.Trial:
		r.trial(e, &s)
	case admin.Live:
		r.alive(e, &s)
	case admin.Exited:
		r.lost = r.lost || e.Generation == r.live
	case admin.Gone:
		if r.about(e) && !r.stopping { // else it may be a success yet
			s.add(r.end(e, Interrupted, ByOther))
		}
		if e.Generation == r.live {
			r.live = 0
		}
	default:
		r.verdict(e, &s)
	}
	return s
}

// Close ends what is under way, as if the master had ended then.
func (r *Reader) Close(at time.Time) []Step {
	var s steps
	s.add(r.cut(admin.Event{Time: at}))
	return s
}

// dropOrder forgets an order that has come to nothing.
func (r *Reader) dropOrder(k admin.Kind) {
	if r.asked == nil {
		return
	}
	looked := k != admin.Ignored
	if looked == (r.asked.Kind == admin.UpgradeAsked) {
		r.asked = nil
	}
}

// trial: a release has traffic. Also a restart finds another one at times, where
// the installed file was replaced by hand.
func (r *Reader) trial(e admin.Event, s *steps) {
	if !r.about(e) {
		s.add(r.cut(e))
		s.add(r.partial(e, Upgrade))
	}
	if r.now.Kind != Rollback {
		r.now.Kind = Upgrade
	}
	r.live, r.lost = e.Generation, false
	s.add(r.stage(e, Trial))
}

func (r *Reader) alive(e admin.Event, s *steps) {
	switch {
	case r.about(e):
		s.add(r.end(e, Done, None))
	case r.now != nil && r.now.Stage == Back:
		s.add(r.cut(e))
	}
	r.live, r.lost, r.active = e.Generation, false, e.Release
}
