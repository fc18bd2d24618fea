package delta

import (
	"context"
	"fmt"
)

// A comparison compares programs, one pair after the other. What it needs most
// memory for it uses again.
type comparison struct {
	workers int
	report  *report
	sa      []int32
}

// run covers the new program with pieces of the old one.
func (c *comparison) run(ctx context.Context, old, new []byte) ([]match, error) {
	if len(old) > MaxInput || len(new) > MaxInput {
		return nil, fmt.Errorf("%w: programs of %d and %d bytes, compared are %d at most", ErrTooLarge, len(old), len(new), MaxInput)
	}
	if len(c.sa) < len(old) {
		c.sa = make([]int32, len(old))
	}
	x, err := newIndex(ctx, old, c.sa[:len(old)])
	if err != nil {
		return nil, err
	}
	c.report.add(len(old))
	return matches(ctx, x, new, c.workers, c.report.add)
}
