package machine

import (
	"fmt"
	"slices"
)

// A move is one thing that a world may do next.
type move struct {
	name   string
	gen    Gen
	socket int
	digest Digest
	timer  Timer
	fault  bool // something goes wrong
	asked  bool // somebody outside asks for something
	stop   bool // it is the stop
	do     func(*world, move)
}

func (mv move) String() string {
	switch {
	case mv.timer != (Timer{}):
		return fmt.Sprintf("%s: %s %d", mv.name, mv.timer.Bound, mv.timer.Gen)
	case mv.digest != "":
		return fmt.Sprintf("%s: %s", mv.name, mv.digest)
	case mv.gen != 0:
		return fmt.Sprintf("generation %d: %s", mv.gen, mv.name)
	}
	return mv.name
}

// moves lists what may happen next: first what a process, the disk and the hook
// do, then what people do, then what goes wrong, then the timers.
func (w *world) moves() []move {
	if w.exited || w.broken != "" {
		return nil
	}
	if w.succeeding != "" {
		return w.successionMoves()
	}
	ms := make([]move, 0, 32)
	for i := range w.procs {
		ms = w.procs[i].moves(ms, w)
	}
	ms = w.diskMoves(ms)
	ms = w.successorMoves(ms)
	ms = w.peopleMoves(ms)
	for _, t := range w.timers {
		if w.mayFire(t) {
			ms = append(ms, move{name: "timer", timer: t, do: (*world).fire})
		}
	}
	return ms
}

func (w *world) diskMoves(ms []move) []move {
	if w.install != "" {
		if w.renamed {
			ms = append(ms, move{name: "installation succeeds", digest: w.install, do: func(w *world, mv move) { w.answer() }})
		} else {
			ms = append(ms, move{name: "installation renames", digest: w.install, do: func(w *world, mv move) { w.rename() }})
			if w.left.faults > 0 {
				ms = append(ms, move{name: "installation fails", digest: w.install, fault: true, do: func(w *world, mv move) {
					w.left.faults--
					w.answer()
				}})
			}
		}
	}
	for _, d := range w.asks {
		ms = append(ms,
			move{name: "hook says yes", digest: d, do: func(w *world, mv move) { w.allow(mv.digest, true) }},
			move{name: "hook says no", digest: d, fault: true, do: func(w *world, mv move) { w.allow(mv.digest, false) }})
	}
	return ms
}

func (w *world) allow(d Digest, ok bool) {
	i := slices.Index(w.asks, d)
	w.asks = slices.Delete(w.asks, i, i+1)
	w.feed(Allowed{Digest: d, OK: ok})
}

// peopleMoves lists what is asked from outside; a fair world is asked nothing.
func (w *world) peopleMoves(ms []move) []move {
	if w.left.restarts > 0 {
		ms = append(ms, move{name: "restart asked", asked: true, do: func(w *world, mv move) {
			w.left.restarts--
			w.feed(RestartAsked{By: "signal", Force: w.m.set.NoRestart && w.left.restarts > 0})
		}})
	}
	if w.left.stops > 0 {
		ms = append(ms, move{name: "stop asked", fault: true, stop: true, do: func(w *world, mv move) {
			w.left.stops--
			w.feed(StopAsked{Signal: sigterm})
		}})
	}
	if w.left.stages > 0 {
		for _, d := range digests[1 : len(digests)-1] {
			ms = append(ms, move{name: "staged", digest: d, asked: true, do: (*world).stage})
		}
	}
	if w.left.orders > 0 {
		ms = w.orderMoves(ms)
	}
	if w.left.flips > 0 {
		ms = append(ms, move{name: "link flipped", asked: true, do: func(w *world, mv move) {
			w.left.flips--
			w.installed = digests[len(digests)-1]
		}})
	}
	return ms
}

// stage puts a candidate on the disk, unless it stands there or is being moved
// from there.
func (w *world) stage(mv move) {
	w.left.stages--
	if !slices.Contains(w.staged, mv.digest) && w.install != mv.digest {
		w.staged = append(w.staged, mv.digest)
		slices.Sort(w.staged)
	}
	w.feed(Staged{Digest: mv.digest})
}

// mayFire leaves out what no host does: a spawn that takes longer than the
// bound on an end.
func (w *world) mayFire(t Timer) bool {
	spawning := func(p process) bool { return !p.running && (t.Gen == p.gen || t.Bound == BoundFinal) }
	return t.Bound != BoundEnd && t.Bound != BoundFinal || !slices.ContainsFunc(w.procs, spawning)
}

func (w *world) fire(mv move) {
	w.timers = slices.DeleteFunc(w.timers, func(t Timer) bool { return t == mv.timer })
	w.feed(TimerFired{Timer: mv.timer})
}
