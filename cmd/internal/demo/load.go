package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// The load is steady and leaves a small machine room for the service: what is
// shown is what gets lost, not how fast it is.
const (
	clients        = 8 // of each kind
	think          = 3 * time.Millisecond
	requestTimeout = 10 * time.Second
	maxFailures    = 10_000 // remembered with their time
)

// A load is clients on kept-alive connections, and as many with a new connection
// for each request.
type load struct {
	parts []*loadtest.Load

	mu       sync.Mutex
	failures []loadtest.Result
}

func startLoad(ctx context.Context, address string) (*load, error) {
	l := &load{}
	for _, mode := range []loadtest.Mode{loadtest.KeepAlive, loadtest.NewConnection} {
		part, err := loadtest.Start(ctx, loadtest.Config{
			Address:        address,
			Mode:           mode,
			Clients:        clients,
			Think:          think,
			RequestTimeout: requestTimeout,
			OnResult:       l.note,
		})
		if err != nil {
			l.stop()
			return nil, fmt.Errorf("start the load: %w", err)
		}
		l.parts = append(l.parts, part)
	}
	return l, nil
}

func (l *load) note(r loadtest.Result) {
	if r.Failure == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.failures) < maxFailures {
		l.failures = append(l.failures, r)
	}
}

// traffic is what all clients have seen together.
type traffic struct {
	requests, failed int64
	inCrash          int64         // of failed: see inside
	p99, slowest     time.Duration // of the clients that had it worse
	byVersion        map[string]int64
	elapsed          time.Duration
	examples         []string // of failures
}

// stop ends the load; each client finishes what it has begun.
func (l *load) stop() {
	var all sync.WaitGroup
	for _, part := range l.parts {
		all.Go(func() { part.Stop() })
	}
	all.Wait()
}

// seen sums up. crash is when the version that crashes in service did so, or
// zero.
func (l *load) seen(crash time.Time) traffic {
	t := traffic{byVersion: map[string]int64{}}
	for _, part := range l.parts {
		r := part.Snapshot()
		t.requests += r.Requests
		t.failed += r.Failed
		t.p99 = max(t.p99, r.P99)
		t.slowest = max(t.slowest, r.Max)
		t.elapsed = max(t.elapsed, r.Elapsed)
		for version, n := range r.ByVersion {
			t.byVersion[version] += n
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.failures {
		if inside(f, crash) {
			t.inCrash++
		} else if len(t.examples) < 5 {
			t.examples = append(t.examples, f.Failure.Error())
		}
	}
	return t
}

// lost is how many requests failed that had not to.
func (t traffic) lost() int64 { return t.failed - t.inCrash }

// around is how far the time at which the master learnt of a crash may lie from
// the time at which clients did.
const around = time.Second

// inside reports whether a request was lost because it was inside a process
// that crashed at this time: it had been accepted there and was not answered
// yet. Nobody can answer it; all others must be answered.
func inside(r loadtest.Result, crash time.Time) bool {
	if crash.IsZero() || r.Start.After(crash) || r.Failure.Time.Sub(crash).Abs() > around {
		return false
	}
	switch r.Failure.Kind {
	case loadtest.CutUnderRequest, loadtest.ShortBody, loadtest.Reset:
		return true
	}
	return false
}
