package machine

import (
	"slices"
	"testing"
)

// A mutation is a machine with a deliberate bug: it steps the world's machine
// and changes what comes of it.
type mutation func(*world, Event) []Effect

// dropping forgets some effects.
func dropping(forget func(Effect) bool) mutation {
	return func(w *world, ev Event) []Effect {
		return slices.DeleteFunc(w.m.Step(ev), forget)
	}
}

// is reports whether an effect is of a type.
func is[E Effect](e Effect) bool {
	_, ok := e.(E)
	return ok
}

// mutants are bugs that the search must find: where it does not, a promise is
// not watched.
var mutants = []struct {
	name   string
	world  string // the scenario that shows it
	mutate mutation
}{
	{"forgets StopTimer", "restarts", dropping(is[StopTimer])},
	{"forgets Kill", "restarts", dropping(is[Kill])},
	{"forgets Drain", "restarts", dropping(is[Drain])},
	{"forgets CloseSockets", "restarts", dropping(is[CloseSockets])},
	{"forgets Quarantine", "upgrades", dropping(is[Quarantine])},
	{"forgets Discard", "upgrades", dropping(is[Discard])},
	{"forgets EndTrial", "upgrades", dropping(is[EndTrial])},
	{"forgets Restore", "upgrades", dropping(is[Restore])},
	{"forgets Ask", "asked first", dropping(is[Ask])},
	{"forgets Probe", "probed", dropping(is[Probe])},
	{"forgets the bound on an end", "restarts", dropping(func(e Effect) bool {
		s, ok := e.(SetTimer)
		return ok && s.Timer.Bound == BoundEnd
	})},
	{"forgets the bound on a start", "restarts", dropping(func(e Effect) bool {
		s, ok := e.(SetTimer)
		return ok && s.Timer.Bound == BoundReady
	})},
	{"forgets the bound on cover", "two sockets", dropping(func(e Effect) bool {
		s, ok := e.(SetTimer)
		return ok && s.Timer.Bound == BoundCover
	})},
	{"opens nobody on a rollback", "upgrades", func(w *world, ev Event) []Effect {
		return slices.DeleteFunc(w.m.Step(ev), func(e Effect) bool {
			o, ok := e.(Open)
			return ok && w.m.gen(o.Gen) != nil && w.m.gen(o.Gen).resumed
		})
	}},
	{"forgets a refused digest at a succession", "succession, no probation", forgetting(func(m *Machine) { clear(m.refused) })},
	{"forgets a restart at a succession", "succession", forgetting(func(m *Machine) { m.pending = false })},
	{"forgets a generation at a succession", "succession", forgetting(func(m *Machine) { m.gens = m.gens[len(m.gens)-1:] })},
	{"forgets a waiting candidate at a succession", "succession", forgetting(func(m *Machine) { m.waiting = "" })},
	{"forgets Succeed", "succession", dropping(is[Succeed])},
	{"retires the sockets of a trial's standby", "sockets change", func(w *world, ev Event) []Effect {
		effects := w.m.Step(ev)
		for _, e := range effects {
			if r, ok := e.(Report); ok && r.Kind == KindTrial {
				effects = append(effects, Retire{Sockets: w.m.sockets})
			}
		}
		return effects
	}},
	{"pauses the old before the new is open", "restarts", pauseEarly},
	{"pauses sockets that the new does not accept on", "two sockets", pauseAll},
	{"installs before the probation", "upgrades", installEarly},
	{"installs twice", "upgrades", func(w *world, ev Event) []Effect { return double[Install](w.m.Step(ev)) }},
	{"spawns twice", "restarts", spawnTwice},
	{"loses a restart asked for during a restart", "restarts", func(w *world, ev Event) []Effect {
		if _, ok := ev.(RestartAsked); ok && w.m.busy() {
			return nil
		}
		return w.m.Step(ev)
	}},
	{"does not see the end of a standby", "upgrades", func(w *world, ev Event) []Effect {
		if ev, ok := ev.(Exited); ok && w.m.gen(ev.Gen).phase == Standby {
			return nil
		}
		return w.m.Step(ev)
	}},
	{"starts a quarantined digest again", "upgrades", func(w *world, ev Event) []Effect {
		if ev, ok := ev.(Staged); ok {
			delete(w.m.refused, ev.Digest)
		}
		return w.m.Step(ev)
	}},
	{"tries a candidate while held", "orders", func(w *world, ev Event) []Effect {
		held := w.m.held
		w.m.held = false
		effects := w.m.Step(ev)
		if _, turned := ev.(Held); !turned {
			w.m.held = held
		}
		return effects
	}},
	{"forgets what was reverted", "orders", func(w *world, ev Event) []Effect {
		for _, g := range w.m.gens {
			g.reverts = ""
		}
		return w.m.Step(ev)
	}},
	{"blames nobody for a rollback that was ordered", "orders", func(w *world, ev Event) []Effect {
		effects := w.m.Step(ev)
		if _, ok := ev.(RollBackAsked); ok {
			effects = slices.DeleteFunc(effects, is[Quarantine])
		}
		return effects
	}},
	{"takes the first signal for the second", "restarts", func(w *world, ev Event) []Effect {
		effects := w.m.Step(ev)
		if _, ok := ev.(StopAsked); ok {
			for _, g := range w.m.gens {
				effects = append(effects, Kill{Gen: g.num})
			}
		}
		return effects
	}},
	{"ends before its processes", "restarts", func(w *world, ev Event) []Effect {
		effects := w.m.Step(ev)
		if _, ok := ev.(StopAsked); ok && len(w.m.gens) > 0 && !w.exited {
			effects = append(effects, Exit{})
		}
		return effects
	}},
}

// pauseEarly pauses the live one together with the Open of the next.
func pauseEarly(w *world, ev Event) []Effect {
	var effects []Effect
	for _, e := range w.m.Step(ev) {
		if live := w.m.live(); is[Open](e) && live != nil {
			effects = append(effects, Pause{Gen: live.num, Sockets: []int{0}})
		}
		effects = append(effects, e)
	}
	return effects
}

// pauseAll pauses all sockets where it should pause some.
func pauseAll(w *world, ev Event) []Effect {
	effects := w.m.Step(ev)
	for i, e := range effects {
		if p, ok := e.(Pause); ok {
			effects[i] = Pause{Gen: p.Gen, Sockets: []int{0, 1}}
		}
	}
	return effects
}

// installEarly installs a candidate as soon as its trial begins.
func installEarly(w *world, ev Event) []Effect {
	effects := w.m.Step(ev)
	for _, e := range effects {
		if r, ok := e.(Report); ok && r.Kind == KindTrial {
			effects = append(effects, Install{Digest: r.Digest})
		}
	}
	return effects
}

// spawnTwice starts a second process for each restart.
func spawnTwice(w *world, ev Event) []Effect {
	effects := w.m.Step(ev)
	for _, e := range effects {
		if s, ok := e.(Spawn); ok {
			effects = append(effects, Spawn{Gen: s.Gen + 100})
		}
	}
	return effects
}

// double repeats the effects of a type.
func double[E Effect](effects []Effect) []Effect {
	var twice []Effect
	for _, e := range effects {
		twice = append(twice, e)
		if is[E](e) {
			twice = append(twice, e)
		}
	}
	return twice
}

func TestMutants(t *testing.T) {
	for _, mu := range mutants {
		t.Run(mu.name, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(scenarios, func(sc scenario) bool { return sc.name == mu.world })
			s := &search{set: scenarios[i].set, left: scenarios[i].left, mutate: mu.mutate, limit: 60_000, sample: 7}
			f := s.run()
			if f == nil {
				t.Fatalf("not found in %d states", len(s.nodes))
			}
			t.Logf("found after %d states, %d moves deep: %s", len(s.nodes), len(f.path), f.broken)
		})
	}
}
