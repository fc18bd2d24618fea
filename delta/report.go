package delta

import "sync"

// A report tells of the progress, a hundred times at most.
type report struct {
	f     func(done, total int64)
	total int64

	mu         sync.Mutex
	done, told int64
}

func newReport(f func(done, total int64), total int64) *report {
	return &report{f: f, total: total}
}

func (r *report) add(n int) {
	if r.f == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += int64(n)
	if r.done-r.told > r.total/100 || r.done == r.total {
		r.told = r.done
		r.f(r.done, r.total)
	}
}
