package takeover

import (
	"cmp"

	"github.com/seed-3d078585/overseer/admin"
)

// steps gathers those that there are.
type steps []Step

func (s *steps) add(step *Step) {
	if step != nil {
		*s = append(*s, *step)
	}
}

// about reports whether an event is about the generation that is under way.
func (r *Reader) about(e admin.Event) bool {
	return r.now != nil && r.now.Stage != Back && e.Generation == r.now.Generation
}

// kind tells why a generation is started.
func (r *Reader) kind(e admin.Event) Kind {
	other := e.Release != "" && e.Release != r.active
	known := r.active != "" || r.fetched != nil && r.fetched.Release == e.Release
	switch {
	case other && known && r.asked != nil && r.asked.Kind == admin.RollbackAsked:
		return Rollback
	case other && known:
		return Upgrade
	case r.lost:
		return Respawn
	case e.Generation == 1:
		return Start
	}
	return Restart
}

func (r *Reader) begin(e admin.Event, k Kind) *Step {
	r.count++
	r.now = &Takeover{
		Number: r.count, Kind: k, Generation: e.Generation, Release: e.Release, Version: e.Version,
		Actor: e.Actor, Trace: e.Trace,
		Began: e.Time, Stage: Handover, Since: e.Time,
	}
	if f := r.fetched; f != nil && e.Release != "" && f.Release == e.Release {
		r.now.Version = cmp.Or(r.now.Version, f.Version)
		if e.Time.Sub(f.Time) < asksFor {
			r.now.Fetched = f
			r.now.Trace = cmp.Or(r.now.Trace, f.Trace)
		}
		r.fetched = nil
	}
	if a := r.asked; a != nil {
		if k != Respawn && e.Time.Sub(a.Time) < asksFor {
			r.now.Asked = a
			r.now.Actor = cmp.Or(r.now.Actor, a.Actor)
			r.now.Trace = cmp.Or(r.now.Trace, a.Trace)
		}
		r.asked = nil
	}
	return &Step{Did: Began, Event: e, Takeover: *r.now}
}

// partial begins one whose start was not seen.
func (r *Reader) partial(e admin.Event, k Kind) *Step {
	step := r.begin(e, k)
	r.now.Partial, r.now.Stage = true, ""
	step.Takeover = *r.now
	return step
}

func (r *Reader) stage(e admin.Event, to Stage) *Step {
	step := r.learn(e)
	r.now.Stage, r.now.Since = to, e.Time
	step.Did, step.Takeover = Staged, *r.now
	return step
}

// end ends what is under way.
func (r *Reader) end(e admin.Event, result Result, c Cause) *Step {
	if r.now == nil {
		return nil
	}
	step := r.learn(e)
	if r.now.Stage == Back { // its verdict stands
		result, c = RolledBack, r.now.Cause
	} else if result != Done {
		r.now.Reason = e.Reason
	}
	r.now.Result, r.now.Cause = result, c
	step.Did, step.Takeover = Ended, *r.now
	r.now = nil
	return step
}

// cut ends what is under way, as something else shows that it is over.
func (r *Reader) cut(e admin.Event) *Step {
	if r.stopping {
		return r.end(e, Interrupted, ByOrder)
	}
	return r.end(e, Interrupted, ByOther)
}

// learn takes over what an event knows better, and measures the stage that ends.
func (r *Reader) learn(e admin.Event) *Step {
	step := &Step{Event: e, Before: r.now.Stage, Lasted: max(0, e.Time.Sub(r.now.Since))}
	if e.Generation == r.now.Generation && r.now.Stage != Back {
		r.now.Release = cmp.Or(e.Release, r.now.Release)
		r.now.Version = cmp.Or(e.Version, r.now.Version)
	}
	return step
}
