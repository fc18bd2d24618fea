package machine

import "slices"

// orderMoves lists what an operator may order. One that would be refused is
// given all the same where that must do no harm.
func (w *world) orderMoves(ms []move) []move {
	order := func(name string, d Digest, do func(*world, Digest)) {
		ms = append(ms, move{name: name, digest: d, asked: true, do: func(w *world, mv move) {
			w.left.orders--
			do(w, mv.digest)
		}})
	}
	order("rollback ordered", "", func(w *world, _ Digest) { w.feed(RollBackAsked{Why: "asked by an operator"}) })
	order("trial ordered", "", func(w *world, _ Digest) { w.feed(TryAsked{}) })
	order("hold turned", "", func(w *world, _ Digest) { w.feed(Held{On: !w.m.held}) })
	if w.previous != "" && w.previous != w.installed {
		order("way back ordered", w.previous, (*world).revert)
	}
	for _, d := range w.quarantined {
		order("quarantine lifted", d, func(w *world, d Digest) {
			if w.m.Refuses(Forgotten{Digest: d}) == "" {
				w.quarantined = without(w.quarantined, d)
			}
			w.feed(Forgotten{Digest: d})
		})
	}
	return ms
}

// revert stages what was installed before, as the owner does.
func (w *world) revert(d Digest) {
	if !slices.Contains(w.staged, d) && w.install != d {
		w.staged = append(w.staged, d)
		slices.Sort(w.staged)
	}
	ev := Reverted{Digest: d, Why: "asked by an operator"}
	if w.m.Refuses(ev) == "" {
		w.back, w.leaving = d, w.m.proven
	}
	w.feed(ev)
}

// checkReverted: what was left by an order is quarantined as soon as the one
// before has passed its trial.
func (w *world) checkReverted() {
	if w.back == "" {
		return
	}
	if live := w.m.live(); live != nil && !live.onTrial && live.candidate == w.back && w.installed == w.back && w.install == "" {
		if w.leaving != w.back && !slices.Contains(w.quarantined, w.leaving) {
			w.violate("%s was left for %s and is not quarantined", w.leaving, w.back)
		}
		w.back, w.leaving = "", ""
	} else if !w.m.planned(w.back) {
		w.back, w.leaving = "", "" // it lost its trial
	}
}
