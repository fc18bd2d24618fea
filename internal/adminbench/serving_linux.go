package main

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// watch has clients follow, and one ask for a status once where that is wanted;
// end waits until they have gone.
func (s *service) watch(ctx context.Context, clients int, status bool) (end func() error, err error) {
	now, err := s.client.Status(ctx)
	if err != nil {
		return nil, err
	}
	crowd, err := gather(ctx, s.socket, now.Event, clients, true)
	if err != nil {
		return nil, err
	}
	asked := make(chan error, 1)
	go func() {
		if !status {
			asked <- nil
			return
		}
		time.Sleep(warm) // not before the load is measured
		_, err := s.client.Status(ctx)
		asked <- err
	}()
	return func() error {
		_, err := crowd.leave()
		return errors.Join(err, <-asked)
	}, nil
}

// warm is for how long a program serves before that is measured.
const warm = 25 * time.Millisecond

func (s *service) serve(ctx context.Context, bound time.Duration, mode loadtest.Mode) (got served, err error) {
	worker, err := s.worker(ctx)
	if err != nil {
		return got, err
	}
	if _, err := s.load(ctx, loadtest.Config{Mode: mode}, warm); err != nil {
		return got, err
	}
	before, err1 := both(s.pid, worker.PID)
	report, err := s.load(ctx, loadtest.Config{Mode: mode}, bound)
	after, err2 := both(s.pid, worker.PID)
	if err := errors.Join(err, err1, err2, context.Cause(ctx)); err != nil {
		return got, err
	}
	return served{report.Requests, report.Failed, report.Elapsed, after - before}, nil
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
