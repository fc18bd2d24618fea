package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// On probes the i-th listener, counted from 0. To p that listener is the only
// one, at index 0. It is an error where the generation has no such listener.
func On(i int, p Probe) Probe {
	return func(ctx context.Context, t Target) error {
		if i < 0 || i >= len(t.Addresses) {
			return fmt.Errorf("listener %d: generation %d has %d listener(s), counted from 0: correct the index or Config.Addresses", i, t.Generation, len(t.Addresses))
		}
		only := Target{
			Generation: t.Generation,
			Addresses:  t.Addresses[i : i+1 : i+1],
			Dial: func(ctx context.Context, j int) (net.Conn, error) {
				if j != 0 {
					return nil, fmt.Errorf("dial listener %d: the probe was given one listener, which is 0", j)
				}
				return t.Dial(ctx, i)
			},
		}
		if err := p(ctx, only); err != nil {
			return fmt.Errorf("listener %d: %w", i, err)
		}
		return nil
	}
}

// All asks every probe in order, also after one has failed, so that one report
// names all that is wrong. It stops early only when ctx is done. Its error
// joins theirs, each with its place in the order. All of nothing passes.
func All(probes ...Probe) Probe {
	return func(ctx context.Context, t Target) error {
		var errs []error
		for n, p := range probes {
			if ctx.Err() != nil {
				errs = append(errs, fmt.Errorf("probe %d of %d: not asked: %w", n+1, len(probes), context.Cause(ctx)))
				break
			}
			if err := p(ctx, t); err != nil {
				errs = append(errs, fmt.Errorf("probe %d of %d: %w", n+1, len(probes), err))
			}
		}
		return errors.Join(errs...)
	}
}
