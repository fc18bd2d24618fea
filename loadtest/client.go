package loadtest

import (
	"context"
	"errors"
	"time"
)

// breath is the pause after a dial that failed. Without it, a client would
// turn an outage of a second into thousands of failures, and the count would
// tell of its own speed.
const breath = 10 * time.Millisecond

var errSpoke = errors.New("bytes arrived while no request was outstanding")

// client sends one request after the other; all but tally and budget is its
// own.
type client struct {
	id     int
	config *Config
	speak  dialect
	tally  *tally
	budget *budget
	link   *link // nil while there is none
}

func (c *client) run(ctx context.Context) {
	defer c.drop()
	var pause time.Duration
	for n := int64(0); c.budget.take(); n++ {
		c.pause(ctx, pause)
		if ctx.Err() != nil {
			return
		}
		var result Result
		result, pause = c.request(n)
		c.tally.add(&result)
		if c.config.OnResult != nil {
			c.config.OnResult(result)
		}
	}
}

// request makes one request, on the connection there is or on a new one, and
// says how long to pause after it.
func (c *client) request(n int64) (result Result, pause time.Duration) {
	start := time.Now()
	pause = c.config.Think
	result = Result{Client: c.id, Start: start}
	message := c.speak.request(c.id, n)
	failure := c.send(message, start.Add(c.config.RequestTimeout))
	if failure != nil && c.link == nil {
		pause = max(pause, breath)
	}
	if failure == nil {
		var a answer
		a, failure = c.speak.answer(c.link, message)
		result.Status, result.Version, result.Bytes = a.status, a.version, a.bytes
		c.settle(a, failure)
		result.Latency = a.counted.Sub(start)
	}
	if failure != nil {
		failure.Client, failure.Time = c.id, time.Now()
		result.Latency = failure.Time.Sub(start)
		result.Failure = failure
		if failure.Kind != BadStatus {
			c.drop()
		}
	}
	return result, pause
}

// send writes the message on a connection that is open as far as can be seen.
// It comes round a second time only when a kept connection turns out to have
// ended before the first byte was sent, and then the connection is new: no
// byte of a request is ever sent twice.
func (c *client) send(message []byte, deadline time.Time) *Failure {
	for {
		if failure := c.connect(deadline); failure != nil {
			return failure
		}
		if err := c.link.SetDeadline(deadline); err != nil {
			return failed(Other, "set the deadline", err)
		}
		n, err := c.link.Write(message)
		switch {
		case err == nil:
			return nil
		case n == 0 && c.link.served && isReset(err):
			c.lostIdle()
		default:
			return unanswered("send the request", c.link.served, err)
		}
	}
}

// connect sees to it that there is a connection. One that has not served yet
// is never replaced, as it must be served.
func (c *client) connect(deadline time.Time) *Failure {
	if c.link != nil {
		switch c.link.state() {
		case quiet:
			return nil
		case spoke:
			return failed(Other, "take the kept connection", errSpoke)
		case closed:
			c.lostIdle()
		}
	}
	link, failure := dial(c.config.Network, c.config.Address, deadline)
	if failure != nil {
		return failure
	}
	c.link = link
	c.tally.connected()
	return nil
}

// settle ends the connection after an answer where either side asked for it.
func (c *client) settle(a answer, failure *Failure) {
	if failure != nil && failure.Kind != BadStatus {
		return
	}
	c.link.served = true
	if !a.last {
		return
	}
	if c.config.Mode != NewConnection {
		c.tally.announced()
	}
	c.link.closeSecond()
	c.link = nil
}

// pause waits, with an eye on the connection.
func (c *client) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	until := time.Now().Add(d)
	if c.link != nil && c.link.idle(ctx, until) == closed {
		c.lostIdle()
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (c *client) lostIdle() {
	c.tally.idleClosed()
	c.drop()
}

func (c *client) drop() {
	if c.link != nil {
		c.link.Close()
		c.link = nil
	}
}
