package main

import (
	"context"
	"errors"
	"sync"
)

// services are some that are measured side by side.
type services []*service

// startServices starts one of each role.
func startServices(ctx context.Context, roles ...role) (all services, err error) {
	for _, as := range roles {
		s, err := startService(ctx, as)
		if err != nil {
			all.stop()
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// each does something with all at the same time.
func (all services) each(do func(i int, s *service) error) error {
	errs := make([]error, len(all))
	var running sync.WaitGroup
	for i, s := range all {
		running.Go(func() { errs[i] = do(i, s) })
	}
	running.Wait()
	return errors.Join(errs...)
}

func (all services) restart() error {
	return all.each(func(_ int, s *service) error { return s.restart() })
}

func (all services) stop() {
	all.each(func(_ int, s *service) error { s.stop(); return nil })
}
