package machine

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// generous is the budget of a walk, which is long where a search is broad.
var generous = budget{restarts: 6, stops: 2, stages: 6, faults: 8, sick: 8, flips: 1}

// walk takes a world wherever the bytes lead, then to an end: the first byte
// chooses the settings, each further one the next move. Half of the choices are
// fair moves, so that a walk gets far, and the stop is for the end.
func walk(bytes []byte, mutate mutation, heard func(line)) string {
	if len(bytes) == 0 {
		return ""
	}
	w := newWorld(scenarios[int(bytes[0])%len(scenarios)].set, generous, mutate)
	w.heard = heard
	w.clock = newClock()
	w.feed(Boot{})
	for n, b := range bytes[1:] {
		ms := w.moves()
		if len(ms) == 0 {
			return w.broken
		}
		i := int(b>>1) % len(ms)
		if fair := w.fairMove(ms); b&1 == 0 && fair >= 0 || ms[i].stop && n < len(bytes)/2 {
			i = max(fair, 0)
		}
		ms[i].do(w, ms[i])
	}
	for _, end := range ends {
		c := w.clone()
		end.drive(c)
		if c.broken != "" {
			return end.name + ": " + c.broken
		}
	}
	return w.broken
}

// tale tells a walk.
func tale(bytes []byte) string {
	var b strings.Builder
	walk(bytes, nil, (&teller{out: &b}).tell)
	return b.String()
}

// randomWalk returns bytes for [walk] that depend on the number only.
func randomWalk(n uint64) []byte {
	r := rand.New(rand.NewPCG(n, 1))
	bytes := make([]byte, 1+r.IntN(160))
	for i := range bytes {
		bytes[i] = byte(r.Uint32())
	}
	bytes[0] = byte(n)
	return bytes
}

func FuzzMachine(f *testing.F) {
	for n := range uint64(2 * len(scenarios)) {
		f.Add(randomWalk(n))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) {
		if broken := walk(bytes, nil, nil); broken != "" {
			t.Fatalf("%s\n%s", broken, tale(bytes))
		}
	})
}

// TestWalks goes deeper than the search can, along few of the ways.
func TestWalks(t *testing.T) {
	for n := range uint64(*walks) {
		bytes := randomWalk(n)
		if broken := walk(bytes, nil, nil); broken != "" {
			t.Fatalf("walk %d: %s\n%s", n, broken, tale(bytes))
		}
	}
}
