package fetcher

import (
	"context"
	"time"
)

// A pace keeps two looks at a source an interval apart. The first look is free.
// A wait that was given up does not count as a look, and one by [AtOnce] is none.
type pace struct{ last time.Time }

func (p *pace) wait(ctx context.Context, interval time.Duration) error {
	if !p.last.IsZero() && !IsAtOnce(ctx) {
		if err := sleep(ctx, time.Until(p.last.Add(interval))); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	p.last = time.Now()
	return nil
}

// sleep waits for d or for the end of ctx, whichever comes first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
