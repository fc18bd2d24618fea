package machine

import "slices"

// onDisk carries out what the machine decides about candidates.
func (w *world) onDisk(e Effect) {
	switch e := e.(type) {
	case Ask:
		w.asks = append(w.asks, e.Digest)
	case Install:
		w.beginInstall(e.Digest)
	case Restore:
		w.installed = w.previous
	case EndTrial:
		w.records = without(w.records, e.Digest)
	case Quarantine:
		w.records = without(w.records, e.Digest)
		if !slices.Contains(w.quarantined, e.Digest) {
			w.quarantined = append(w.quarantined, e.Digest)
			slices.Sort(w.quarantined)
		}
	case Discard:
		w.staged = without(w.staged, e.Digest)
		if w.needed(e.Digest) {
			w.violate("%s is discarded and still needed", e.Digest)
		}
	case Report:
		if p := w.proc(e.Gen); p != nil && e.Kind == KindRolledBack {
			p.failed = true
		}
	}
}

func (w *world) beginInstall(d Digest) {
	if w.install != "" {
		w.violate("%s is installed during the installation of %s", d, w.install)
	}
	if !slices.Contains(w.staged, d) {
		w.violate("%s is installed and is not staged", d)
	}
	w.install, w.renamed = d, false
	if w.m.set.NoRestart {
		return
	}
	g := w.m.live()
	if g == nil || g.candidate != d || !g.onTrial {
		w.violate("%s is installed although it is not on trial", d)
		return
	}
	if p := w.proc(g.num); w.m.set.Probation > 0 && !p.proved {
		w.violate("%s is installed before its probation has passed", d)
	}
}

// rename is the instant at which the installed path changes.
func (w *world) rename() {
	w.renamed = true
	w.previous, w.installed = w.installed, w.install
	w.staged = without(w.staged, w.install)
}

// answer ends an installation; one that did not come to its rename failed.
func (w *world) answer() {
	d, done := w.install, w.renamed
	w.install, w.renamed = "", false
	if !done {
		w.feed(Installed{Digest: d, Err: "disk full"})
		return
	}
	w.records = without(w.records, d)
	w.feed(Installed{Digest: d})
}

// needed reports whether the machine has plans with a candidate.
func (w *world) needed(d Digest) bool {
	m := w.m
	if m.refused[d] || m.done {
		return false
	}
	return d == m.waiting || d == m.installing || m.next != nil && m.next.candidate == d || w.onTrial(d)
}

// onTrial reports whether a generation that may still be committed runs this
// candidate.
func (w *world) onTrial(d Digest) bool {
	return slices.ContainsFunc(w.m.gens, func(g *generation) bool {
		return g.onTrial && g.candidate == d && g.phase != Draining
	})
}

func without(set []Digest, d Digest) []Digest {
	return slices.DeleteFunc(set, func(o Digest) bool { return o == d })
}
