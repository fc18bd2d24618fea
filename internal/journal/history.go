package journal

import (
	"slices"

	"github.com/seed-3d078585/overseer/admin"
)

// A history makes the changes of release out of the events:
//
//	fetched, or the start or trial of a release  -> begins
//	committed, rolled back, failed, refused      -> ends
//	the master begins                            -> what was under way was cut off
type history struct {
	ended []admin.Attempt // oldest first
	open  *admin.Attempt  // under way
	live  admin.Release   // what ran live last and was not on trial
}

// add keeps one that has ended, unless it is kept already.
func (h *history) add(a admin.Attempt) (added bool) {
	for _, have := range h.ended {
		if have.To.Digest == a.To.Digest && have.Began.Equal(a.Began) {
			return false
		}
	}
	h.ended = append(h.ended, a)
	if extra := len(h.ended) - maxAttempts; extra > 0 {
		h.ended = slices.Delete(h.ended, 0, extra)
	}
	return true
}

// take returns what an event has ended.
func (h *history) take(e admin.Event) (ended []admin.Attempt) {
	if e.Kind == admin.Started && h.open != nil {
		ended = append(ended, *h.end(e, admin.ResultCut))
	}
	if h.begins(e) && (h.open == nil || h.open.To.Digest != e.Release) {
		if h.open != nil {
			over := h.end(e, admin.ResultFailed)
			over.Reason = "another release came in between"
			ended = append(ended, *over)
		}
		h.open = &admin.Attempt{Began: e.Time, From: h.live, To: admin.Release{Digest: e.Release, Version: e.Version}, Result: admin.UnderWay}
	}
	if h.concerns(e) {
		h.note(e)
		if result := h.result(e); result != "" {
			ended = append(ended, *h.end(e, result))
		}
	}
	if e.Kind == admin.Live && e.Release != "" {
		h.live = admin.Release{Digest: e.Release, Version: e.Version}
	}
	return ended
}

// begins reports whether an event may be the first of a change of release.
func (h *history) begins(e admin.Event) bool {
	if e.Release == "" {
		return false
	}
	switch e.Kind {
	case admin.Fetched, admin.Waiting, admin.Trial:
		return true
	case admin.Refused:
		return !h.repeats(e)
	case admin.Starting:
		return e.Release != h.live.Digest // the one that is installed is started without its digest
	}
	return false
}

// repeats reports whether the same release is refused again for the same reason.
func (h *history) repeats(e admin.Event) bool {
	if len(h.ended) == 0 {
		return false
	}
	last := h.ended[len(h.ended)-1]
	return last.To.Digest == e.Release && last.Result == admin.ResultRefused && last.Reason == e.Reason
}

func (h *history) concerns(e admin.Event) bool {
	return h.open != nil && (e.Release == h.open.To.Digest || e.Release == "" && e.Generation != 0 && e.Generation == h.open.Generation)
}

// maxSteps bounds what is kept of one change of release: one that is put off
// again and again has no end of steps.
const maxSteps = 50

func (h *history) note(e admin.Event) {
	o := h.open
	if e.Generation != 0 {
		o.Generation = e.Generation
	}
	if o.To.Version == "" {
		o.To.Version = e.Version
	}
	if o.Actor == "" {
		o.Actor = e.Actor
	}
	if e.Output != "" {
		o.Output = e.Output
	}
	if len(o.Steps) < maxSteps {
		o.Steps = append(o.Steps, admin.Step{Kind: e.Kind, At: e.Time})
	}
}

// result returns how an event ends what is under way; empty: it does not.
func (h *history) result(e admin.Event) admin.Result {
	switch e.Kind {
	case admin.Committed:
		return admin.ResultDone
	case admin.Live: // another binary at the installed path has nothing to commit
		return admin.ResultDone
	case admin.RolledBack:
		return admin.ResultBack
	case admin.Failed, admin.Uncommitted:
		return admin.ResultFailed
	case admin.Refused:
		return admin.ResultRefused
	}
	return ""
}

func (h *history) end(e admin.Event, result admin.Result) *admin.Attempt {
	a := h.open
	h.open = nil
	a.Ended, a.Result, a.Reason = e.Time, result, e.Reason
	if result == admin.ResultCut {
		a.Reason = "the master ended meanwhile"
	}
	return a
}
