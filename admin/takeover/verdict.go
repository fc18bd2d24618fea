package takeover

import "github.com/seed-3d078585/overseer/admin"

// verdict: an event tells how a release has fared.
func (r *Reader) verdict(e admin.Event, s *steps) {
	switch e.Kind {
	case admin.Failed:
		if !r.about(e) {
			s.add(r.cut(e))
			s.add(r.partial(e, r.kind(e)))
		}
		r.lost = r.lost || r.live == 0
		if r.asked != nil && r.asked.Kind == admin.RollbackAsked { // it was about this one
			r.asked = nil
		}
		s.add(r.end(e, Failed, causeOf(e)))
	case admin.RolledBack:
		if !r.about(e) {
			s.add(r.cut(e))
			s.add(r.partial(e, Upgrade))
		}
		r.now.Cause, r.now.Reason = causeOf(e), e.Reason
		s.add(r.stage(e, Back))
		r.live, r.lost, r.asked = 0, true, nil
	case admin.Committed:
		if r.now == nil || r.now.Stage != Trial {
			s.add(r.cut(e))
			s.add(r.partial(e, Upgrade)) // installed without a trial
		}
		s.add(r.end(e, Done, None))
		r.active = e.Release
	case admin.Uncommitted:
		if r.now == nil || r.now.Stage == Handover { // else it is rolled back
			s.add(r.cut(e))
			s.add(r.partial(e, Upgrade))
			s.add(r.end(e, Failed, causeOf(e)))
		}
	case admin.Refused:
		// PreUpgrade is asked again and again about the same release.
		if e.Release != r.refusal.Release || e.Reason != r.refusal.Reason {
			r.refusal = e
			r.beside(e, s, Refused, causeOf(e))
		}
	case admin.Interrupted:
		if !r.cutOff {
			r.beside(e, s, Interrupted, ByOther)
		}
		r.cutOff = false
	}
}

// beside begins and ends one at once. It may be told while another one is under
// way, which it has nothing to do with.
func (r *Reader) beside(e admin.Event, s *steps, result Result, c Cause) {
	saved := r.now
	s.add(r.partial(e, Upgrade))
	s.add(r.end(e, result, c))
	r.now = saved
}
