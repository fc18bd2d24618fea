package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// follow waits until it is clear what became of an order. What it learns goes to
// the course, and progress to standard error.
func (k *Call) follow(ctx context.Context, client *admin.Client, c *course) error {
	ctx, cancel := context.WithCancel(ctx)
	messages, ended := k.messages(ctx, client, c.Event)
	defer func() { // the goroutine is gone before the call is
		cancel()
		<-ended
	}()
	since := k.Now()
	for !c.done {
		select {
		case m, ok := <-messages:
			switch {
			case !ok:
				return k.ended(ctx)
			case m.err != nil:
				return fmt.Errorf("%w: %w; it may still happen", errTimeout, m.err)
			case m.Reconnected:
				k.progress(since, "the master was replaced, or came back")
			case m.Lost != 0:
				k.progress(since, "note: events before %d are not kept any more", m.Lost)
			case m.Event != nil:
				k.progress(since, "%s", EventText(*m.Event))
				c.take(*m.Event)
			}
		case <-ctx.Done():
			return k.ended(ctx)
		}
	}
	return nil
}

// progress says a line, with the time since the order.
func (k *Call) progress(since time.Time, format string, args ...any) {
	if !k.JSON {
		k.say("%5.1fs  %s", k.Now().Sub(since).Seconds(), fmt.Sprintf(format, args...))
	}
}

func (k *Call) ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: nothing was decided within %s; it may still happen, and status and events say more", errTimeout, k.timeout)
	}
	return fmt.Errorf("%w: interrupted; what was ordered goes on", errTimeout)
}

// A message is one of a stream, or its error.
type message struct {
	admin.Message
	err error
}

// messages reads a stream until ctx ends or the stream does. ended is closed when
// its goroutine is gone.
func (k *Call) messages(ctx context.Context, client *admin.Client, after uint64) (out <-chan message, ended <-chan struct{}) {
	c, gone := make(chan message), make(chan struct{})
	go func() {
		defer close(gone)
		defer close(c)
		send := func(m message) bool {
			select {
			case c <- m:
				return true
			case <-ctx.Done():
				return false
			}
		}
		stream, err := client.Follow(ctx, after, false)
		if err != nil {
			send(message{err: err})
			return
		}
		defer stream.Close()
		for {
			m, err := stream.Next()
			if ctx.Err() != nil || !send(message{Message: m, err: err}) || err != nil {
				return
			}
		}
	}()
	return c, gone
}
