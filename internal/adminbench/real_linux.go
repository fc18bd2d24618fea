package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A realRow is a real master that restarts its program, with clients that follow.
type realRow struct {
	clients int
	events  int           // that each client had
	cost    time.Duration // processor time of the master for one restart, the median
	ratio   spread        // of that, to the first row in the same turn
	delay   time.Duration // from an event until all have it, the median
}

// measureReal has nobody, one client and a crowd in turns.
func measureReal(ctx context.Context, a amount) ([]realRow, error) {
	s, err := startService(ctx, full)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	rows := []realRow{{clients: 0}, {clients: 1}, {clients: a.crowd}}
	costs := make([][]time.Duration, len(rows)) // by row and turn
	delays := make([][]time.Duration, len(rows))
	for range a.turns {
		for _, i := range rand.Perm(len(rows)) {
			got, err := s.followed(ctx, a.changes, rows[i].clients)
			if err != nil {
				return nil, fmt.Errorf("%d clients: %w", rows[i].clients, err)
			}
			costs[i] = append(costs[i], got.cost)
			delays[i] = append(delays[i], got.delays...)
			rows[i].events += got.events
		}
	}
	for i := range rows {
		rows[i].cost, rows[i].ratio, rows[i].delay = median(costs[i]), ratios(costs[i], costs[0]), median(delays[i])
	}
	return rows, nil
}

// A followed is some restarts.
type followed struct {
	cost   time.Duration // of the master for one, the mean
	events int
	delays []time.Duration
}

func (s *service) followed(ctx context.Context, times, clients int) (f followed, err error) {
	begin, err := s.client.Status(ctx)
	if err != nil {
		return f, err
	}
	crowd, err := gather(ctx, s.socket, begin.Event, clients, false)
	if err != nil {
		return f, err
	}
	defer func() {
		_, left := crowd.leave()
		err = errors.Join(err, left)
	}()
	before, err1 := processor(s.pid)
	for range times {
		if err := s.restart(); err != nil {
			return f, err
		}
	}
	end, err := s.client.Status(ctx)
	if err != nil {
		return f, err
	}
	if _, err := crowd.await(end.Event); err != nil {
		return f, err
	}
	after, err2 := processor(s.pid)
	f.cost = (after - before) / time.Duration(times)
	f.delays, f.events = crowd.delays(), int(end.Event-begin.Event)
	return f, errors.Join(err1, err2)
}
