package load

import (
	"context"
	"time"
)

// client sends its requests one after the other, each when it is due, or as soon
// after it as the one before is done.
type client struct {
	config          *Config
	began           time.Time
	first, interval time.Duration
	speak           func(*client, time.Time) outcome
	link            *link
	records         []Record

	idleClosed, announced int
}

// An outcome is what became of one request.
type outcome struct {
	kind    Kind
	version string
	at      time.Time // the end of its latency
}

func (c *client) run(ctx context.Context) {
	defer c.drop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for due := c.first; ; due += c.interval {
		if wait := time.Until(c.began.Add(due)); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		out := c.speak(c, time.Now().Add(c.config.Timeout))
		c.records = append(c.records, Record{Due: due, Latency: out.at.Sub(c.began) - due, Kind: out.kind, Version: out.version})
	}
}

func (c *client) drop() {
	if c.link != nil {
		c.link.Close()
		c.link = nil
	}
}
