package metrics

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3d078585/overseer/admin"
)

// A Collector has the metrics of one master, for any registry. It is safe for
// concurrent use. Made by [New].
type Collector struct {
	source  Source
	feed    feed // nil: the source tells no events
	timeout time.Duration
	ledger  *ledger

	mu       sync.Mutex
	accepted accepted
	past     past
	looked   time.Time // when the source of releases was last asked with success
}

// An Option changes what [New] makes.
type Option func(*Collector)

// Timeout bounds what one scrape waits for the master. It is to be shorter than
// the scrape_timeout of Prometheus, which is 10 seconds where nothing else is
// said. Defaults to 5 seconds; what is not positive is the default.
func Timeout(d time.Duration) Option {
	return func(c *Collector) {
		if d > 0 {
			c.timeout = d
		}
	}
}

// New returns a collector that asks the source in each scrape.
func New(source Source, opts ...Option) *Collector {
	c := &Collector{source: source, feed: feedOf(source), timeout: 5 * time.Second, ledger: newLedger()}
	for _, o := range opts {
		o(c)
	}
	return c
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, r := range table {
		ch <- descs[r.name]
	}
}

// Collect implements [prometheus.Collector]. It waits for the master, for the
// time of [Timeout] at most.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	out := output{ch}
	build(out)
	s, err := c.status(ctx)
	if err != nil {
		out.set("overseer_up", 0)
	} else {
		kept := c.remember(ctx, s)
		out.set("overseer_up", 1)
		showStatus(out, s)
		kept.show(out)
	}
	c.ledger.collect(ch)
}

// What a collector remembers beside the events, as it is after one status.
type remembered struct {
	accepted uint64
	past     past
	looked   time.Time
	now      time.Time
}

func (c *Collector) remember(ctx context.Context, s admin.Status) remembered {
	p := c.refresh(ctx, s)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted.add(s)
	if s.Source != nil && s.Source.Looked != nil && s.Source.Error == "" && s.Source.Looked.After(c.looked) {
		c.looked = *s.Source.Looked
	}
	if at := c.ledger.fetched(); at.After(c.looked) {
		c.looked = at
	}
	return remembered{accepted: c.accepted.total(), past: p, looked: c.looked, now: s.Time}
}

func (r remembered) show(out output) {
	out.set("overseer_connections_accepted_total", float64(r.accepted))
	out.at("overseer_fetch_last_success_timestamp_seconds", r.looked)
	if r.past.known {
		out.at("overseer_last_upgrade_timestamp_seconds", r.past.installed)
		out.set("overseer_quarantined_releases", float64(r.past.quarantined(r.now)))
	}
}

// ErrNoEvents is the error of Run where the source tells no events.
var ErrNoEvents = errors.New("the source of the metrics tells no events: use an admin.Client or an admin.Master")
