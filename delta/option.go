package delta

import "runtime"

// An Option changes how a patch is made.
type Option func(*options)

type options struct {
	progress func(done, total int64)
	workers  int
}

// WithProgress has f called as the work goes on, with how much is done of what
// there is to do, in no particular unit. Calls do not overlap and come at most
// some hundred times; done never falls, and ends at total.
func WithProgress(f func(done, total int64)) Option {
	return func(o *options) { o.progress = f }
}

// WithParallelism bounds the goroutines that compare at a time. The default is
// the number of processors; the patch is the same with any.
func WithParallelism(n int) Option {
	return func(o *options) { o.workers = max(n, 1) }
}

func newOptions(opts []Option) *options {
	o := &options{workers: runtime.GOMAXPROCS(0)}
	for _, set := range opts {
		set(o)
	}
	return o
}
