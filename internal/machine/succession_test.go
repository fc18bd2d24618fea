package machine

import "encoding/json"

// This file holds how the master of a world is replaced.

func (w *world) checkSuccessor(d Digest) {
	if w.checking != "" {
		w.violate("two successors are checked at a time")
	}
	w.checking = d
}

func (w *world) successorMoves(ms []move) []move {
	if w.checking == "" {
		return ms
	}
	answer := func(failure string, temporary bool) func(*world, move) {
		return func(w *world, mv move) {
			if failure != "" {
				w.left.faults--
			}
			if w.installed != mv.digest && failure == "" {
				failure = "the installed binary is another one"
			}
			w.checking = ""
			w.feed(SuccessorChecked{Digest: mv.digest, Err: failure, Temporary: temporary})
		}
	}
	ms = append(ms, move{name: "successor passes its check", digest: w.checking, do: answer("", false)})
	if !w.m.AtRest(w.checking) {
		ms = append(ms, move{name: "successor is overtaken", digest: w.checking, do: func(w *world, mv move) {
			w.checking = ""
			w.feed(SuccessorChecked{Digest: mv.digest, Overtaken: true})
		}})
	}
	if w.left.faults > 0 {
		ms = append(ms,
			move{name: "successor fails its check", digest: w.checking, fault: true, do: answer("bad configuration", false)},
			move{name: "successor cannot be checked", digest: w.checking, fault: true, do: answer("no memory", true)})
	}
	return ms
}

// beginSuccession checks that a successor would find nothing half done.
func (w *world) beginSuccession(d Digest) {
	w.succeeding = d
	live := w.m.live()
	switch {
	case w.installed != d && w.installed != digests[len(digests)-1]:
		w.violate("%s takes over and is not installed", d)
	case live == nil || live.digest != d || live.onTrial:
		w.violate("%s takes over and is not what is proven", d)
	case w.install != "" || len(w.records) > 0:
		w.violate("%s takes over during an installation or a trial", d)
	}
	for _, p := range w.procs {
		g := w.m.gen(p.gen)
		if !p.running || g == nil || g.phase != Live && g.phase != Draining {
			w.violate("%s takes over while generation %d comes up or stands by", d, p.gen)
		}
	}
}

// successionMoves is all that can happen while the master is replaced.
func (w *world) successionMoves() []move {
	ms := []move{{name: "master is replaced", digest: w.succeeding, do: func(w *world, mv move) { w.replace() }}}
	if w.left.faults > 0 {
		ms = append(ms, move{name: "master cannot be replaced", digest: w.succeeding, fault: true, do: func(w *world, mv move) {
			w.left.faults--
			w.succeeding = ""
			w.feed(Stayed{Digest: mv.digest, Err: "no memory"})
		}})
	}
	return ms
}

// replace goes on with a machine that knows what was written down, and no more.
func (w *world) replace() {
	w.succeeding = ""
	before := w.m.State()
	text, err := json.Marshal(before)
	var after State
	if err == nil {
		err = json.Unmarshal(text, &after)
	}
	if err == nil {
		err = after.Check()
	}
	if err != nil {
		w.violate("the state cannot be handed on: %v", err)
		return
	}
	w.asks = nil // the hooks have died with their master
	w.m = Resume(w.m.set, after)
	w.feed(Resumed{})
}

// outdated reports whether the master runs other code than the program, and has
// no reason to.
func (w *world) outdated() bool {
	m := w.m
	return m.set.Succession && !m.set.NoRestart && m.proven != m.own && m.refusedSuccessor != m.proven
}

// forgetting has the successor not told something.
func forgetting(forget func(*Machine)) mutation {
	return func(w *world, ev Event) []Effect {
		if _, ok := ev.(Resumed); ok {
			forget(w.m)
		}
		return w.m.Step(ev)
	}
}
