package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A realResult is what clients cost a real master that restarts its program.
type realResult struct {
	events   int
	nobody   time.Duration // processor time of the master for one restart, nobody looks
	one      realRound
	crowd    realRound
	moreCost time.Duration // of each further client, for one event
}

// A realRound is some restarts with clients that follow.
type realRound struct {
	cost  time.Duration // processor time of the master, for one restart
	delay time.Duration // from an event until all have it, the median
}

func measureReal(ctx context.Context, a amount) (r realResult, err error) {
	s, err := startService(ctx, full)
	if err != nil {
		return r, err
	}
	defer s.stop()
	if r.nobody, err = s.changes(a.changes); err != nil {
		return r, err
	}
	if r.one, r.events, err = s.followed(ctx, a.changes, 1); err != nil {
		return r, fmt.Errorf("one client: %w", err)
	}
	n := 0
	if r.crowd, n, err = s.followed(ctx, a.changes, a.crowd); err != nil {
		return r, fmt.Errorf("%d clients: %w", a.crowd, err)
	}
	r.moreCost = (r.crowd.cost - r.nobody) * time.Duration(a.changes) / time.Duration(n*a.crowd)
	return r, nil
}

// changes restarts the program, and returns what one restart has cost the master.
func (s *service) changes(times int) (time.Duration, error) {
	before, err1 := processor(s.pid)
	for range times {
		if err := s.restart(); err != nil {
			return 0, err
		}
	}
	after, err2 := processor(s.pid)
	return (after - before) / time.Duration(times), errors.Join(err1, err2)
}

func (s *service) followed(ctx context.Context, times, clients int) (r realRound, events int, err error) {
	status, err := s.client.Status(ctx)
	if err != nil {
		return r, 0, err
	}
	crowd, err := gather(ctx, s.socket, status.Event, clients, false)
	if err != nil {
		return r, 0, err
	}
	defer func() {
		_, left := crowd.leave()
		err = errors.Join(err, left)
	}()
	if r.cost, err = s.changes(times); err != nil {
		return r, 0, err
	}
	end, err := s.client.Status(ctx)
	if err != nil {
		return r, 0, err
	}
	if _, err := crowd.await(end.Event); err != nil {
		return r, 0, err
	}
	r.delay = median(crowd.delays())
	return r, int(end.Event - status.Event), nil
}
