package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// A requestRow is how fast a program answers beside one kind of master.
type requestRow struct {
	name      string
	mode      loadtest.Mode
	rate      float64 // a second, the median
	ratio     spread  // to the rate of the first kind in the same round
	processor time.Duration
	cost      spread // the processor time of one request, likewise
	failed    int64
}

type requestKind struct {
	name    string
	as      role
	watched bool
}

var requestKinds = []requestKind{
	{"`Admin.Disabled`", disabled, false},
	{"`Admin.Disabled` again, for the noise", disabled, false},
	{"everything on, nobody looks", full, false},
	{"everything on, looked at", full, true},
}

func rowOf(name string, mode loadtest.Mode, list, base []served) requestRow {
	row := requestRow{
		name: name, mode: mode,
		rate: median(pick(list, served.rate)), ratio: ratios(pick(list, served.rate), pick(base, served.rate)),
		processor: time.Duration(median(pick(list, served.cost))), cost: ratios(pick(list, served.cost), pick(base, served.cost)),
	}
	for _, s := range list {
		row.failed += s.failed
	}
	return row
}

// A served is what a program has answered in one round.
type served struct {
	requests, failed int64
	elapsed          time.Duration
	processor        time.Duration // of master and worker
}

func (s served) rate() float64 { return float64(s.requests) / s.elapsed.Seconds() }

// cost is the processor time of one request, in nanoseconds.
func (s served) cost() float64 { return float64(s.processor) / float64(max(1, s.requests)) }

func (s *served) add(more served) {
	s.requests += more.requests
	s.failed += more.failed
	s.elapsed += more.elapsed
	s.processor += more.processor
}

// measureRequests has all kinds serve in turns, each round with new generations:
// how fast a process is depends on where the system has put it.
func measureRequests(ctx context.Context, a amount) (rows []requestRow, err error) {
	all, err := startServices(ctx, pick(requestKinds, func(k requestKind) role { return k.as })...)
	if err != nil {
		return nil, err
	}
	defer all.stop()
	for _, mode := range []loadtest.Mode{loadtest.KeepAlive, loadtest.NewConnection} {
		found := make([][]served, len(all)) // by kind and round
		for range a.rounds {
			round, err := all.serve(ctx, a, mode)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", mode, err)
			}
			for i, s := range round {
				found[i] = append(found[i], s)
			}
		}
		for i, kind := range requestKinds {
			rows = append(rows, rowOf(kind.name, mode, found[i], found[0]))
		}
	}
	return rows, nil
}

// serve is one round: a part of each, in turns.
func (all services) serve(ctx context.Context, a amount, mode loadtest.Mode) ([]served, error) {
	if err := all.restart(); err != nil {
		return nil, err
	}
	round := make([]served, len(all))
	for n := range a.parts {
		for _, i := range rand.Perm(len(all)) { // whoever is next has what the one before left behind
			var watching func() error
			if requestKinds[i].watched {
				var err error
				if watching, err = all[i].watch(ctx, a.few, n == a.parts/2); err != nil {
					return nil, err
				}
			}
			got, err := all[i].serve(ctx, a.part, mode)
			if watching != nil {
				err = errors.Join(err, watching())
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", requestKinds[i].name, err)
			}
			round[i].add(got)
		}
	}
	return round, nil
}
