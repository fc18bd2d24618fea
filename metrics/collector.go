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
		p := c.look(ctx, s.Time)
		accepted, looked := c.remember(s)
		out.set("overseer_up", 1)
		showStatus(out, s)
		out.set("overseer_connections_accepted_total", float64(accepted))
		out.at("overseer_fetch_last_success_timestamp_seconds", looked)
		out.at("overseer_last_upgrade_timestamp_seconds", p.installed)
		if p.quarantined >= 0 {
			out.set("overseer_quarantined_releases", float64(p.quarantined))
		}
	}
	c.ledger.collect(ch)
}

// remember takes from a status what is to be kept, and returns what there is by now.
func (c *Collector) remember(s admin.Status) (accepted uint64, looked time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accepted.add(s)
	if s.Source != nil && s.Source.Looked != nil && s.Source.Error == "" && s.Source.Looked.After(c.looked) {
		c.looked = *s.Source.Looked
	}
	if at := c.ledger.fetched(); at.After(c.looked) {
		c.looked = at
	}
	return c.accepted.total(), c.looked
}

// ErrNoEvents is the error of Run where the source tells no events.
var ErrNoEvents = errors.New("the source of the metrics tells no events: use an admin.Client or an admin.Master")
