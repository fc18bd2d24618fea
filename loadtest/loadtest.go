// Package loadtest is a load client that counts what a service loses while it
// is restarted or upgraded. It is meant for a service on the same machine.
//
// What it promises:
//
//   - It never retries. Every request that was not answered whole is counted
//     as a failure, under the [Kind] that says what became of it.
//   - It tells a connection that the server closed while idle, which is the
//     server's right, from one that was closed under a request, which is a
//     loss. See [CutUnderRequest] for the one case where the two look alike.
//   - It tells its own limits ([ClientLimit]) from the server's failures, and
//     hides neither.
//   - It is a closed loop: a client sends its next request when it has the
//     answer to the one before, so a slow server gets fewer requests.
//   - Every wait is bounded by Config.RequestTimeout, every goroutine ends
//     with [Load.Stop], and what a server sends is read within bounds.
//
// The smallest use:
//
//	load, err := loadtest.Start(ctx, loadtest.Config{Address: "127.0.0.1:3000"})
//	…
//	// restart the service
//	report := load.Stop()
//	if report.Failed > 0 { … }
//
// # Connections to a service that is restarted
//
// A connection that has served at least one request may end at any moment
// that no request is outstanding: that is counted in Report.IdleClosed, and
// the client connects anew for its next request. "No request outstanding"
// means that the end was visible here before the first byte of the next
// request was sent; the client looks right before it sends. (On Windows a look
// needs a wait, of a millisecond, which bounds the pace there.) A connection
// that has not served a request yet has no such excuse: the server accepted
// it, or its queue did, and it must be served.
//
// # Ports
//
// With [NewConnection] at full speed, whoever closes first keeps the port in
// TIME_WAIT. If that were the client, it would run out of local ports within
// seconds. So each request says "Connection: close", and the client waits for
// the server to close, for a second at most, and closes after it. The address
// and port of the server are the same for all, so nothing runs out there. A
// server that ignores "Connection: close" moves the burden back: the load
// slows down to one request per client and second.
package loadtest

import (
	"context"
	"sync"
)

// A Load is a running load. Its methods are safe for concurrent use.
type Load struct {
	tally *tally
	end   context.CancelFunc
	done  chan struct{}
}

// Start begins to send requests and returns at once; a server that cannot be
// reached shows as failures, not as an error here. The error names the field
// of config that is wrong; it wraps [ErrRemote] where the address is not on
// this machine. When ctx is done the load ends as with [Load.Stop], which must
// be called in any case.
func Start(ctx context.Context, config Config) (*Load, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	speak, err := newDialect(&config)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	load := &Load{tally: newTally(), end: end, done: make(chan struct{})}
	left := newBudget(config.Requests)
	var clients sync.WaitGroup
	for id := range config.Clients {
		c := &client{id: id, config: &config, speak: speak, tally: load.tally, budget: left}
		clients.Go(func() { c.run(ctx) })
	}
	go func() {
		defer close(load.done)
		clients.Wait()
		end()
		load.tally.finish()
	}()
	return load, nil
}

// Stop ends the load politely and returns what it saw: each client finishes
// the request that it has begun and starts no other. It blocks until the last
// client has ended, which takes RequestTimeout and a second at most, provided
// that Check, VersionOf and OnResult return. Later calls return the same.
func (l *Load) Stop() Report {
	l.end()
	<-l.done
	return l.tally.snapshot()
}

// Done returns a channel that is closed when the last client has ended: after
// Stop, after the end of Start's context, or after Config.Requests requests.
func (l *Load) Done() <-chan struct{} { return l.done }

// Snapshot returns what was seen so far. It does not block the clients for
// longer than a copy of a few counters takes.
func (l *Load) Snapshot() Report { return l.tally.snapshot() }
