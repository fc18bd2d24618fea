package machine

import (
	"math/bits"
	"slices"
)

// This file holds what worlds know of sockets, which are bits here.

// known is how many sockets the master has had so far.
func (w *world) known() int { return w.m.set.Sockets + w.fresh }

// greet has a process reach Run with the sockets of the generation before.
func (w *world) greet(p *process) {
	if g := w.m.gen(p.gen); g != nil {
		for _, n := range g.sockets.numbers() {
			p.sockets |= 1 << n
		}
	}
	if p.sockets&w.retired != 0 {
		w.violate("generation %d is given a socket that was retired", p.gen)
	}
	p.greeted = true
	w.feed(Greeted{Gen: p.gen})
}

// greetElsewhere has it reach Run with a configuration in which the first of
// these sockets is replaced by another.
func (w *world) greetElsewhere(p *process) {
	w.left.moves--
	set := slices.Clone(w.m.sockets)
	if len(set) > 0 {
		set = set[1:]
	}
	set = append(set, w.known())
	w.fresh++
	for _, n := range set {
		p.sockets |= 1 << n
	}
	p.greeted = true
	w.feed(Greeted{Gen: p.gen, Sockets: set})
}

// knows reports whether a process other than p, not told to end, was given the
// socket.
func (w *world) knows(p *process, socket byte) bool {
	return slices.ContainsFunc(w.procs, func(o process) bool {
		return (p == nil || o.gen != p.gen) && o.sockets&socket != 0 && !o.told && !o.dead
	})
}

// forsaken reports whether a socket of p may be left: one that is confirmed, and
// not on trial, has no such socket.
func (w *world) forsaken(p *process, socket byte) bool {
	return slices.ContainsFunc(w.procs, func(o process) bool {
		g := w.m.gen(o.gen)
		return o.gen != p.gen && o.confirmed && !o.told && o.sockets&socket == 0 && g != nil && !g.onTrial
	})
}

func (w *world) checkEnding(p *process, ending []int) {
	for _, n := range ending {
		if w.knows(p, 1<<n) {
			w.violate("generation %d is told that socket %d ends, and another one goes on with it", p.gen, n)
		}
	}
}

func (w *world) retire(nums []int) {
	for _, n := range nums {
		if w.knows(nil, 1<<n) {
			w.violate("socket %d is retired and a generation needs it", n)
		}
		w.retired |= 1 << n
	}
	if bits.OnesCount8(w.retired) >= w.known() && w.known() > 0 {
		w.violate("all sockets are retired")
	}
}
