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
	name           string
	as             role
	asked, crowded bool
	env            []string
}{
	{name: "an idle program", as: idle},
	{name: "a master, `Admin.Disabled`", as: disabled},
	{name: "the same with a `fetcher.File`", as: fetching},
	{name: "a master with everything on, nobody looks", as: full},
	{name: "the same, a status is asked each second", as: full, asked: true},
	{name: "the same, with `GOGC=25`", as: full, asked: true, env: []string{"GOGC=25"}},
	{name: "everything on, the crowd follows", as: full, crowded: true},
}

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
	pids := []int{still.pid}
	var all services
	defer func() { all.stop() }()
	for _, kind := range memoryKinds[1:] {
		s, err := startService(ctx, kind.as, kind.env...)
		if err != nil {
			return nil, err
		}
		all, pids = append(all, s), append(pids, s.pid)
	}
	for range a.restarts {
		if err := all.restart(); err != nil {
			return nil, err
		}
	}
	var crowds []*audience
	defer func() {
		for _, crowd := range crowds {
			samples, left := crowd.leave()
			if samples < a.crowd && a.settle > time.Second {
				left = errors.Join(left, fmt.Errorf("%d clients had %d samples in %v", a.crowd, samples, a.settle))
			}
			err = errors.Join(err, left)
		}
	}()
	for i, kind := range memoryKinds[1:] {
		if kind.crowded {
			crowd, err := gather(ctx, all[i].socket, 0, a.crowd, true)
			if err != nil {
				return nil, err
			}
			crowds = append(crowds, crowd)
		}
		if kind.asked {
			if err := all[i].ask(ctx, a.statuses); err != nil {
				return nil, err
			}
		}
	}
	select {
	case <-time.After(a.settle):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	for _, pid := range pids {
		f, err := footprintOf(pid)
		if err != nil {
			return nil, err
		}
		found = append(found, f)
	}
	return found, nil
}
func mib(kib int) float64 { return math.Round(float64(kib)/1024*10) / 10 }
