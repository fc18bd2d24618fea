package loadtest

import "sync/atomic"

// budget is how many requests all clients may still make.
type budget struct {
	limited bool
	left    atomic.Int64
}

func newBudget(requests int64) *budget {
	b := &budget{limited: requests > 0}
	b.left.Store(requests)
	return b
}

func (b *budget) take() bool { return !b.limited || b.left.Add(-1) >= 0 }
