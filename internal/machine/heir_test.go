package machine

import (
	"strings"
	"testing"
)

// TestHeir follows who takes what generation 1 hands over.
func TestHeir(t *testing.T) {
	m := New(Settings{Sockets: 1})
	step := func(events ...Event) {
		for _, ev := range events {
			m.Step(ev)
		}
	}
	want := func(when string, of, heir Gen, reason string) {
		t.Helper()
		got, why := m.Heir(of)
		if got != heir || (why == "") != (reason == "") || !strings.Contains(why, reason) {
			t.Errorf("%s: the heir of %d is %d, %q; want %d, %q", when, of, got, why, heir, reason)
		}
	}
	live := func(g Gen, d Digest) []Event {
		return []Event{Spawned{Gen: g, Digest: d}, Greeted{Gen: g}, Accepting{Gen: g, Sockets: []int{0}}, Opened{Gen: g}}
	}
	step(Boot{})
	step(live(1, "a")...)
	want("alone", 1, 0, "the live one itself")
	step(RestartAsked{})
	want("while the next comes up", 1, 0, "the live one itself")
	step(live(2, "a")...)
	want("after a restart", 1, 2, "")
	step(RestartAsked{})
	step(live(3, "a")...)
	want("after another one", 1, 3, "")
	want("after another one", 2, 3, "")
	step(StopAsked{})
	want("at the end", 1, 0, "the service ends")
}

// TestHeirToCome: one that runs alone has ended before its heir begins.
func TestHeirToCome(t *testing.T) {
	m := New(Settings{Sequential: true})
	m.Step(Boot{})
	for _, ev := range []Event{Spawned{Gen: 1}, Greeted{Gen: 1}, SaidReady{Gen: 1}, Opened{Gen: 1}, RestartAsked{}} {
		m.Step(ev)
	}
	if heir, reason := m.Heir(1); heir != 0 || reason != "" {
		t.Errorf("the heir is %d, %q; want one to come", heir, reason)
	}
}
