package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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

var requestKinds = []struct {
	name    string
	as      role
	watched bool
}{
	{"`Admin.Disabled`", disabled, false},
	{"`Admin.Disabled` again, for the noise", disabled, false},
	{"everything on, nobody looks", full, false},
	{"everything on, looked at", full, true},
}

// A slice is one measurement.
type slice struct {
	rate      float64
	processor float64 // nanoseconds of master and worker, for one request
	failed    int64
}

// measureRequests has all kinds serve in turns, each round with new generations:
// how fast a process is depends on where the system has put it.
func measureRequests(ctx context.Context, a amount) (rows []requestRow, err error) {
	all, err := startServices(ctx, pick(requestKinds[:], kindRole)...)
	if err != nil {
		return nil, err
	}
	defer all.stop()
	modes := []loadtest.Mode{loadtest.KeepAlive, loadtest.NewConnection}
	found := map[loadtest.Mode][][]slice{}
	for _, mode := range modes {
		found[mode] = make([][]slice, len(all))
	}
	for round := range a.rounds {
		if err := all.restart(); err != nil {
			return nil, err
		}
		for _, mode := range modes {
			for _, i := range turn(len(all), round) {
				s, err := all[i].slice(ctx, a, mode, requestKinds[i].watched)
				if err != nil {
					return nil, fmt.Errorf("%s, %s: %w", requestKinds[i].name, mode, err)
				}
				found[mode][i] = append(found[mode][i], s)
			}
		}
	}
	for _, mode := range modes {
		for i, kind := range requestKinds {
			rows = append(rows, rowOf(kind.name, mode, found[mode][i], found[mode][0]))
		}
	}
	return rows, nil
}

func kindRole(k struct {
	name    string
	as      role
	watched bool
}) role {
	return k.as
}

func rowOf(name string, mode loadtest.Mode, list, base []slice) requestRow {
	rate := func(s slice) float64 { return s.rate }
	cost := func(s slice) float64 { return s.processor }
	row := requestRow{
		name: name, mode: mode,
		rate: median(pick(list, rate)), ratio: ratios(pick(list, rate), pick(base, rate)),
		processor: time.Duration(median(pick(list, cost))), cost: ratios(pick(list, cost), pick(base, cost)),
	}
	for _, s := range list {
		row.failed += s.failed
	}
	return row
}

// turn is an order of n that is another one in each round.
func turn(n, round int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = (i + round/2) % n
	}
	if round%2 == 1 {
		slices.Reverse(order)
	}
	return order
}

// warm is for how long a generation serves before it is measured.
const warm = 100 * time.Millisecond

func (s *service) slice(ctx context.Context, a amount, mode loadtest.Mode, watched bool) (found slice, err error) {
	if watched {
		crowd, err := gather(ctx, s.socket, 0, a.few, true)
		if err != nil {
			return found, err
		}
		asking, end := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() {
			_, err := s.ask(asking, time.Second, math.MaxInt)
			done <- err
		}()
		defer func() {
			end()
			_, left := crowd.leave()
			err = errors.Join(err, left, <-done)
		}()
	}
	worker, err := s.worker(ctx)
	if err != nil {
		return found, err
	}
	if _, err := s.load(ctx, loadtest.Config{Mode: mode}, min(warm, a.slice)); err != nil {
		return found, err
	}
	before, err := both(s.pid, worker.PID)
	if err != nil {
		return found, err
	}
	report, err := s.load(ctx, loadtest.Config{Mode: mode}, a.slice)
	if err != nil {
		return found, err
	}
	after, err := both(s.pid, worker.PID)
	if err != nil {
		return found, err
	}
	found.rate = float64(report.Requests) / report.Elapsed.Seconds()
	found.processor = float64(after-before) / float64(max(1, report.Requests))
	found.failed = report.Failed
	return found, context.Cause(ctx)
}

func both(master, worker int) (time.Duration, error) {
	m, err1 := processor(master)
	w, err2 := processor(worker)
	return m + w, errors.Join(err1, err2)
}

// load sends requests for so long.
func (s *service) load(ctx context.Context, c loadtest.Config, bound time.Duration) (loadtest.Report, error) {
	c.Address = s.address
	ctx, cancel := context.WithTimeout(ctx, bound)
	defer cancel()
	l, err := loadtest.Start(ctx, c)
	if err != nil {
		return loadtest.Report{}, err
	}
	<-l.Done()
	return l.Stop(), nil
}
