package main

import (
	"context"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// A quietRow is what a master does while its program serves and nobody looks, and
// what the program's process holds.
type quietRow struct {
	name   string
	rate   float64  // of requests, a second
	did    activity // the master, for one second
	failed int64

	held // by the worker, before the load
}

var quietKinds = []struct {
	name   string
	as     role
	loaded bool
}{
	{"`Admin.Disabled`", disabled, true},
	{"`Admin.Disabled`, a `fetcher.File`", fetching, true},
	{"everything on", full, true},
	{"everything on, and no request", full, false},
}

// measureQuiet has all kinds serve at the same time.
func measureQuiet(ctx context.Context, a amount) ([]quietRow, error) {
	var roles []role
	for _, kind := range quietKinds {
		roles = append(roles, kind.as)
	}
	all, err := startServices(ctx, roles...)
	if err != nil {
		return nil, err
	}
	defer all.stop()
	before, err := all.holds(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]quietRow, len(all))
	err = all.each(func(i int, s *service) (err error) {
		if err := s.settle(ctx, a.calm); err != nil {
			return err
		}
		rows[i], err = s.quiet(ctx, a, quietKinds[i].loaded)
		rows[i].name, rows[i].held = quietKinds[i].name, before[i]
		return err
	})
	return rows, err
}

// settle waits until the master has done what it does at its start: its fetcher
// reads the release that runs, once.
func (s *service) settle(ctx context.Context, calm time.Duration) error {
	const few, tries = 12, 30 // calls a second
	for range tries {
		before, err := activityOf(s.pid)
		if err != nil {
			return err
		}
		select {
		case <-time.After(calm):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		after, err := activityOf(s.pid)
		if err != nil || after.calls-before.calls <= few {
			return err
		}
	}
	return nil // the figures will show it
}

func (s *service) quiet(ctx context.Context, a amount, loaded bool) (row quietRow, err error) {
	before, err := activityOf(s.pid)
	if err != nil {
		return row, err
	}
	began := time.Now()
	if loaded {
		const clients = 20
		report, err := s.load(ctx, loadtest.Config{Clients: clients, Think: clients * time.Second / time.Duration(a.rate)}, a.quiet)
		if err != nil {
			return row, err
		}
		row.rate, row.failed = float64(report.Requests)/report.Elapsed.Seconds(), report.Failed
	} else {
		select {
		case <-time.After(a.quiet):
		case <-ctx.Done():
		}
	}
	after, err := activityOf(s.pid)
	seconds := time.Since(began).Seconds()
	row.did = activity{
		processor: time.Duration(float64(after.processor-before.processor) / seconds),
		woken:     int(float64(after.woken-before.woken)/seconds + .5),
		calls:     int(float64(after.calls-before.calls)/seconds + .5),
	}
	return row, err
}

// A held is what a process has open.
type held struct{ goroutines, descriptors int }

// holds is the least that each worker holds: whoever has asked a worker takes a
// moment to be gone, and so does what a start leaves behind. It asks until all
// hold the same, within a bound.
func (all services) holds(ctx context.Context) ([]held, error) {
	const tries, pause = 200, 10 * time.Millisecond
	least := make([]held, len(all))
	for n := range tries {
		for i, s := range all {
			worker, err := s.worker(ctx)
			if err != nil {
				return nil, err
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
			descriptors, err := descriptorsOf(worker.PID)
			if err != nil {
				return nil, err
			}
			if n == 0 {
				least[i] = held{worker.Goroutines, descriptors}
			}
			least[i] = held{min(least[i].goroutines, worker.Goroutines), min(least[i].descriptors, descriptors)}
		}
		if len(slices.Compact(slices.Clone(least))) == 1 {
			break
		}
	}
	return least, nil
}
