package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// patience bounds whatever should happen and is not timed: a crash that is the sixth
// in a row is followed by a pause of 3 s, the next by twice as long, up to 30 s, and
// the machine may be busy.
const patience = 90 * time.Second

// clients watch the service: with connections that they keep, with new ones, and with
// answers that take half a second.
type clients struct {
	loads []*loadtest.Load

	mu       sync.Mutex
	failures []failed
	answered map[string]int64 // by version
}

func startClients(ctx context.Context, address string) (*clients, error) {
	c := &clients{answered: map[string]int64{}}
	for i, one := range []loadtest.Config{
		{Mode: loadtest.KeepAlive, Clients: 4, Think: 5 * time.Millisecond},
		{Mode: loadtest.NewConnection, Clients: 4, Think: 8 * time.Millisecond},
		{Mode: loadtest.Streaming, Clients: 4, Think: 20 * time.Millisecond, Path: "/slow"},
	} {
		one.Address, one.RequestTimeout = address, patience
		one.OnResult = func(r loadtest.Result) { c.result(i, r) }
		load, err := loadtest.Start(ctx, one)
		if err != nil {
			c.stop()
			return nil, err
		}
		c.loads = append(c.loads, load)
	}
	return c, nil
}

func (c *clients) result(load int, r loadtest.Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Failure == nil {
		version, _, _ := strings.Cut(r.Version, "/")
		c.answered[version]++
		return
	}
	c.failures = append(c.failures, failed{
		spender: spender{load, r.Client}, start: r.Start, end: r.Failure.Time, kind: r.Failure.Kind, err: r.Failure.Err,
	})
}

// lost returns the failures so far, and forgets them.
func (c *clients) lost() []failed {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.failures
	c.failures = nil
	return all
}

func (c *clients) requests() (n int64) {
	for _, load := range c.loads {
		n += load.Snapshot().Requests
	}
	return n
}

func (c *clients) stop() {
	for _, load := range c.loads {
		load.Stop()
	}
}
