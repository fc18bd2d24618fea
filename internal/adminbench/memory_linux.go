package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// A memoryRow is the median memory of one kind of process.
type memoryRow struct {
	name string
	footprint
	ratio spread // of the resident set, to the idle program of the same round
}

// The kinds, in the order of their rows.
var memoryKinds = []struct {
	name string
	as   role
}{
	{"an idle program", idle},
	{"a master, `Admin.Disabled`", disabled},
	{"the same with a `fetcher.File`", fetching},
	{"a master with everything on, nobody looks", full},
	{"the same, a status is asked each second", full},
	{"the same, the crowd follows", full},
}

const asked, crowded = 4, 5 // of memoryKinds: those that are looked at

// measureMemory has a master of each kind in each round, all at the same time.
func measureMemory(ctx context.Context, a amount) ([]memoryRow, error) {
	found := make([][]footprint, len(memoryKinds))
	for range a.masters {
		round, err := memoryRound(ctx, a)
		if err != nil {
			return nil, err
		}
		for i, f := range round {
			found[i] = append(found[i], f)
		}
	}
	var rows []memoryRow
	for i, kind := range memoryKinds {
		rows = append(rows, memoryRow{
			name: kind.name,
			footprint: footprint{
				resident:     median(pick(found[i], func(f footprint) int { return f.resident })),
				proportional: median(pick(found[i], func(f footprint) int { return f.proportional })),
				own:          median(pick(found[i], func(f footprint) int { return f.own })),
			},
			ratio: ratios(pick(found[i], func(f footprint) int { return f.resident }), pick(found[0], func(f footprint) int { return f.resident })),
		})
	}
	return rows, nil
}

func pick[T, U any](list []T, of func(T) U) (all []U) {
	for _, one := range list {
		all = append(all, of(one))
	}
	return all
}

func memoryRound(ctx context.Context, a amount) (found []footprint, err error) {
	still, err := start(ctx, idle)
	if err != nil {
		return nil, err
	}
	defer still.stop()
	if _, err := still.await(sayIdle); err != nil {
		return nil, err
	}
	var roles []role
	for _, kind := range memoryKinds[1:] {
		roles = append(roles, kind.as)
	}
	all, err := startServices(ctx, roles...)
	if err != nil {
		return nil, err
	}
	defer all.stop()
	for range a.restarts {
		if err := all.restart(); err != nil {
			return nil, err
		}
	}
	crowd, err := gather(ctx, all[crowded-1].socket, 0, a.crowd, true)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	asking := all[asked-1].ask(ctx, a.statuses)
	select {
	case <-time.After(a.settle - time.Since(began)):
	case <-ctx.Done():
	}
	for _, pid := range append([]int{still.pid}, pick(all, func(s *service) int { return s.pid })...) {
		f, err := footprintOf(pid)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	samples, err := crowd.leave()
	if err == nil && a.settle > time.Second && samples < a.crowd {
		err = fmt.Errorf("%d clients had %d samples", a.crowd, samples)
	}
	return found, errors.Join(err, asking, context.Cause(ctx))
}

func mib(kib int) float64 { return math.Round(float64(kib)/1024*10) / 10 }
