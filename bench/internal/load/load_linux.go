package load

import (
	"context"
	"sync"
	"time"
)

// A Config says where a load goes and what it is. All fields must be set.
type Config struct {
	Address string
	Mode    Mode
	Clients int
	Rate    float64 // requests a second, of all clients together
	Timeout time.Duration
}

// A Load is running.
type Load struct {
	began   time.Time
	end     context.CancelFunc
	all     sync.WaitGroup
	clients []*client
	shared  []*multiplexed
}

// Start begins to send and returns at once. Stop must be called.
func Start(ctx context.Context, c Config) *Load {
	ctx, end := context.WithCancel(ctx)
	l := &Load{began: time.Now(), end: end}
	interval := time.Duration(float64(c.Clients) / c.Rate * float64(time.Second))
	for i := range c.Clients {
		next := &client{config: &c, began: l.began, first: interval * time.Duration(i) / time.Duration(c.Clients), interval: interval}
		switch c.Mode {
		case HTTP2:
			if len(l.shared) < sharing {
				l.shared = append(l.shared, &multiplexed{address: c.Address})
			}
			next.speak = l.shared[i%len(l.shared)].ask
		default:
			next.speak = next.ask
		}
		l.clients = append(l.clients, next)
		l.all.Go(func() { next.run(ctx) })
	}
	return l
}

// sharing is how many connections of HTTP/2 there are, which all clients share.
const sharing = 4

// Stop ends the load: each client finishes its request. It blocks for no longer
// than Config.Timeout.
func (l *Load) Stop() Log {
	l.end()
	l.all.Wait()
	for _, m := range l.shared {
		m.close()
	}
	log := Log{Began: l.began}
	for _, c := range l.clients {
		log.Records = append(log.Records, c.records...)
		log.IdleClosed += c.idleClosed
		log.Announced += c.announced
	}
	return log
}
