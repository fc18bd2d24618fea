package main

import (
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// A harm is something that costs requests whatever a supervisor does.
type harm struct {
	What string
	From time.Time
	To   time.Time // zero: it goes on

	Cuts    bool // what was inside a process is cut: one request of each client
	Resets  bool // a listener was closed: one new connection of each client
	Refuses bool // nobody listens
	Waits   bool // a process stands still
	spent   map[spender]bool
}

// A spender is a client to whom one harm may happen once.
type spender struct{ load, client int }

// slack is for what is known a little late: the clocks are one, the processors busy.
const slack = 3 * time.Second

// explains reports whether a failure is inherent in the harm, and notes it.
func (h *harm) explains(f failed) bool {
	if f.end.Before(h.From.Add(-50*time.Millisecond)) || !h.To.IsZero() && f.start.After(h.To.Add(slack)) {
		return false
	}
	switch f.kind {
	case loadtest.Refused:
		return h.Refuses
	case loadtest.Timeout:
		return h.Waits
	case loadtest.Reset:
		if !h.Resets && !h.Cuts {
			return false
		}
	case loadtest.CutUnderRequest, loadtest.ShortBody:
		if !h.Cuts {
			return false
		}
	default:
		return false
	}
	if h.spent == nil {
		h.spent = map[spender]bool{}
	}
	if h.spent[f.spender] {
		return false
	}
	h.spent[f.spender] = true
	return true
}

// A failed request.
type failed struct {
	spender
	start, end time.Time
	kind       loadtest.Kind
	err        error
}

// judge sorts failures by the harm that explains them: the one that ended first, as
// the others may explain a later one.
func judge(failures []failed, harms []*harm) (inherent map[string]int, rest []failed) {
	inherent = map[string]int{}
	ordered := slices.Clone(harms)
	slices.SortStableFunc(ordered, func(a, b *harm) int { return a.From.Compare(b.From) })
	slices.SortStableFunc(failures, func(a, b failed) int { return a.end.Compare(b.end) })
next:
	for _, f := range failures {
		for _, h := range ordered {
			if h.explains(f) {
				inherent[h.What+": "+f.kind.String()]++
				continue next
			}
		}
		rest = append(rest, f)
	}
	return inherent, rest
}
