package main

import (
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if played() {
		return
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")) // of children: each would wait a second at its end
	os.Exit(m.Run())
}

// TestCountsAreRight measures little and looks at no times: that each client has
// had each event, that no request has failed, and that the worker holds the same
// whether or not its master can be looked at.
func TestCountsAreRight(t *testing.T) {
	r, err := measure(t.Context(), little)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.check(); err != nil {
		t.Error(err)
	}
	if r.fan.eventsInAll != r.fan.eventsWanted || r.fan.eventsWanted != (1+little.crowd)*little.events {
		t.Errorf("clients had %d of %d events, want all of %d", r.fan.eventsInAll, r.fan.eventsWanted, (1+little.crowd)*little.events)
	}
	atLeast := 3 * little.turns * little.changes // it starts, is live, the one before is gone
	for _, row := range r.real {
		if row.events < atLeast {
			t.Errorf("%d clients had %d events, want %d or more", row.clients, row.events, atLeast)
		}
	}
	for i, m := range r.memory {
		if m.resident == 0 || m.ratio.mid == 0 {
			t.Errorf("%s has no memory: %+v", m.name, m)
		}
		if m.name != memoryKinds[i].name {
			t.Errorf("row %d is %q, want %q", i, m.name, memoryKinds[i].name)
		}
	}
	for _, q := range r.requests {
		if q.rate == 0 || q.processor == 0 {
			t.Errorf("%s, %s: %+v", q.mode, q.name, q)
		}
	}
	page := r.page()
	for _, wrong := range []string{"NaN", "Inf", "%!"} {
		if strings.Contains(page, wrong) {
			t.Errorf("the page has %s in it:\n%s", wrong, page)
		}
	}
}

func TestRatios(t *testing.T) {
	if got, want := ratios([]int{3, 10, 8}, []int{1, 2, 4}), (spread{3, 2, 5}); got != want {
		t.Errorf("ratios are %v, want %v", got, want)
	}
	if got := median([]int{}); got != 0 {
		t.Errorf("the median of nothing is %d, want 0", got)
	}
}
