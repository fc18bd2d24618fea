package machine

import (
	"maps"
	"slices"
)

// clone returns a machine that goes its own way from here.
func (m *Machine) clone() *Machine {
	c := *m
	c.gens = make([]*generation, len(m.gens))
	for i, g := range m.gens {
		o := *g
		o.sockets = slices.Clone(g.sockets)
		c.gens[i] = &o
	}
	if m.next != nil {
		next := *m.next
		c.next = &next
	}
	if m.stopping != nil {
		stopping := *m.stopping
		c.stopping = &stopping
	}
	c.refused = maps.Clone(m.refused)
	c.effects = nil
	return &c
}

// key is a canonical description of a state under construction. Generations
// are written by their rank, not their number, and what only lengthens a wait
// or words a reason is left out, so that a host that has come full circle is
// seen to be where it was.
type key struct {
	buf   []byte
	ranks []Gen
}

func (k *key) bools(bs ...bool) {
	for len(bs) > 0 {
		var b byte
		n := min(8, len(bs))
		for i, v := range bs[:n] {
			if v {
				b |= 1 << i
			}
		}
		k.buf, bs = append(k.buf, b), bs[n:]
	}
}

func (k *key) text(s string) { k.buf = append(append(k.buf, s...), 0) }

func (k *key) number(n int) { k.buf = append(k.buf, byte(n)) }

// gen writes 0 for none and 255 for one that is gone.
func (k *key) gen(g Gen) {
	rank := 0
	if g != 0 {
		rank = 1 + slices.Index(k.ranks, g)
		if rank == 0 {
			rank = 255
		}
	}
	k.number(rank)
}

func (k *key) machine(m *Machine) {
	for _, g := range m.gens {
		k.gen(g.num)
		k.text(string(g.phase[0:2]))
		k.text(string(g.digest))
		k.text(string(g.candidate))
		k.text(string(g.reverts))
		k.bools(g.opened, g.running, g.greeted, g.killed, g.slow, g.onTrial, g.served, g.resumed, g.judged)
		for _, s := range g.sockets {
			k.number(s.num)
			k.bools(s.accepts, s.paused)
		}
		k.number(min(g.failures, failuresToRollBack))
	}
	k.gen(m.incoming)
	k.bools(m.next != nil, m.pending, m.respawning, m.done, m.stopping != nil, m.lastCode != 0, m.held)
	if m.next != nil {
		k.text(string(m.next.candidate))
		k.text(string(m.next.reverts))
	}
	if s := m.stopping; s != nil {
		k.gen(s.main)
		k.bools(s.asked, s.forced, s.final, s.unstarted, s.code != 0)
	}
	for _, n := range m.sockets {
		k.number(n)
	}
	for _, d := range []Digest{m.waiting, Digest(m.hold), m.installing, m.proven, m.own, m.successor, m.refusedSuccessor} {
		k.text(string(d))
	}
	for _, d := range digests {
		k.bools(m.refused[d])
	}
}
