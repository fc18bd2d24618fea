package metrics

import (
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// accepted adds up the connections of all generations, also of those that are not
// shown any more. It never counts down.
type accepted struct {
	at      time.Time // of the newest status
	started time.Time // of its master
	base    uint64    // of generations that are not shown any more
	shown   map[int]uint64
}

// add takes a status. One that is older than another one is of no use, as scrapes
// run beside each other.
func (a *accepted) add(s admin.Status) {
	if s.Time.Before(a.at) {
		return
	}
	if !s.Started.Equal(a.started) { // another master counts generations from 1 again
		a.base, a.shown = a.total(), nil
	}
	a.at, a.started = s.Time, s.Started
	now := map[int]uint64{}
	for _, list := range [][]admin.Generation{s.Gone, s.Generations} {
		for _, g := range list {
			if g.Connections != nil {
				now[g.Number] = max(now[g.Number], a.shown[g.Number], g.Connections.Accepted)
			}
		}
	}
	for n, count := range a.shown {
		if _, ok := now[n]; !ok {
			a.base += count
		}
	}
	a.shown = now
}

func (a *accepted) total() uint64 {
	sum := a.base
	for _, count := range a.shown {
		sum += count
	}
	return sum
}
