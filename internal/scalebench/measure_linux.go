package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// A scale is what is measured once.
type scale struct{ listeners, connections int }

var (
	all = []scale{
		{1, 0}, {10, 0}, {100, 0}, {1000, 0},
		{1, 1000}, {1, 5000}, {1, 20000},
		{1000, 20000},
	}
	some = []scale{{1, 0}, {20, 100}}
)

// A result is the medians of a scale beside those of the baseline.
type result struct {
	scale
	took, base            handover
	processor             time.Duration // of the master, for one restart
	memory, baseMemory    int           // KiB
	failed, notMoved      int           // connections
	liveRatio, pauseRatio float64
}

// measure restarts a service of each scale, in turns with the baseline.
func measure(ctx context.Context, scales []scale, rounds int) ([]result, error) {
	scales, err := fit(scales)
	if err != nil {
		return nil, err
	}
	base, err := startSubject(ctx, 1)
	if err != nil {
		return nil, err
	}
	var results []result
	for _, s := range scales {
		fmt.Fprintf(os.Stderr, "%d listeners, %d connections\n", s.listeners, s.connections)
		r, err := measureOne(ctx, base, s, rounds)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%d listeners, %d connections: %w", s.listeners, s.connections, err), base.stop())
		}
		results = append(results, r)
	}
	return results, base.stop()
}

func measureOne(ctx context.Context, base *subject, s scale, rounds int) (r result, err error) {
	r.scale = s
	service, err := startSubject(ctx, s.listeners)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, service.stop()) }()
	conns, err := connect(ctx, service.addresses, s.connections)
	defer conns.close()
	if err != nil {
		return r, err
	}
	r.failed = conns.failed() // all are accepted
	before, err := service.processor()
	if err != nil {
		return r, err
	}
	var took, bases []handover
	for range rounds {
		b, err := base.restart()
		if err != nil {
			return r, err
		}
		h, err := service.restart()
		if err != nil {
			return r, err
		}
		took, bases = append(took, h), append(bases, b)
		r.failed += conns.failed()
	}
	after, err := service.processor()
	if err != nil {
		return r, err
	}
	r.processor = (after - before) / time.Duration(rounds)
	r.notMoved = service.notMoved
	r.took, r.base = medians(took), medians(bases)
	r.liveRatio = ratio(took, bases, func(h handover) time.Duration { return h.live })
	r.pauseRatio = ratio(took, bases, func(h handover) time.Duration { return h.paused })
	r.memory, err = service.memory()
	if err != nil {
		return r, err
	}
	r.baseMemory, err = base.memory()
	return r, err
}

func medians(list []handover) handover {
	return handover{
		live:   median(list, func(h handover) time.Duration { return h.live }),
		paused: median(list, func(h handover) time.Duration { return h.paused }),
		moved:  median(list, func(h handover) time.Duration { return h.moved }),
	}
}

func median(list []handover, of func(handover) time.Duration) time.Duration {
	var all []time.Duration
	for _, h := range list {
		all = append(all, of(h))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// ratio is the median of the ratios of pairs.
func ratio(list, base []handover, of func(handover) time.Duration) float64 {
	var all []float64
	for i := range list {
		all = append(all, float64(of(list[i]))/float64(of(base[i])))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// spare is how many files a process has open beside listeners and connections,
// at most.
const spare = 500

// fit raises the limit of open files, for this process and those that it starts,
// or else leaves out the connections that the limit does not allow.
func fit(scales []scale) ([]scale, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	want := limit
	for _, s := range scales {
		want.Cur = max(want.Cur, uint64(s.listeners+s.connections+spare))
	}
	want.Max = max(limit.Max, want.Cur)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &want); err == nil {
		return scales, nil
	}
	limit.Cur = limit.Max
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return nil, fmt.Errorf("raise the limit of open files (ulimit -n): %w", err)
	}
	var fitting []scale
	for _, s := range scales {
		s.connections = min(s.connections, int(limit.Max)-s.listeners-spare)
		if s.connections >= 0 {
			fitting = append(fitting, s)
		}
	}
	return fitting, nil
}
