package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A fanResult is how events reach one client and a crowd, as medians.
type fanResult struct {
	one, crowd   fanRound
	ratio        spread // of the times until the last client has the last event
	costOfOneTo  spread // of the processor time for one event and client
	eventsInAll  int    // that were received
	eventsWanted int
}

// A fanRound is one burst of events.
type fanRound struct {
	took time.Duration // from the first event until the last client has the last one
	cost time.Duration // processor time of the server, for one event and client
	read time.Duration // processor time of the clients, likewise
}

// measureFan has a server in a process of its own tell made-up events.
func measureFan(ctx context.Context, a amount) (r fanResult, err error) {
	server, err := start(ctx, speaker)
	if err != nil {
		return r, err
	}
	defer server.stop()
	if _, err := server.await(sayListens); err != nil {
		return r, err
	}
	var ones, crowds []fanRound
	last := uint64(0)
	for range a.fanRounds {
		for _, f := range []struct {
			clients int
			rounds  *[]fanRound
		}{{1, &ones}, {a.crowd, &crowds}} {
			got, n, err := server.burst(ctx, last, a.events, f.clients)
			if err != nil {
				return r, err
			}
			*f.rounds = append(*f.rounds, got)
			r.eventsInAll += n
			r.eventsWanted += a.events * f.clients
			last += uint64(a.events)
		}
	}
	took := func(f fanRound) time.Duration { return f.took }
	cost := func(f fanRound) time.Duration { return f.cost }
	read := func(f fanRound) time.Duration { return f.read }
	r.one = fanRound{median(pick(ones, took)), median(pick(ones, cost)), median(pick(ones, read))}
	r.crowd = fanRound{median(pick(crowds, took)), median(pick(crowds, cost)), median(pick(crowds, read))}
	r.ratio = ratios(pick(crowds, took), pick(ones, took))
	r.costOfOneTo = ratios(pick(crowds, cost), pick(ones, cost))
	return r, nil
}

// burst has so many events told to so many clients.
func (c *child) burst(ctx context.Context, last uint64, events, clients int) (f fanRound, received int, err error) {
	crowd, err := gather(ctx, filepath.Join(c.dir, speakSocket), last, clients, false)
	if err != nil {
		return f, 0, err
	}
	defer crowd.leave()
	serverBefore, err1 := processor(c.pid)
	clientsBefore, err2 := processor(os.Getpid())
	if err := errors.Join(err1, err2); err != nil {
		return f, 0, err
	}
	if _, err := fmt.Fprintln(c.in, events); err != nil {
		return f, 0, err
	}
	at, err := crowd.await(last + uint64(events))
	if err != nil {
		return f, 0, err
	}
	serverAfter, err1 := processor(c.pid)
	clientsAfter, err2 := processor(os.Getpid())
	f.took = at.Sub(crowd.told[last+1])
	f.cost = (serverAfter - serverBefore) / time.Duration(events*clients)
	f.read = (clientsAfter - clientsBefore) / time.Duration(events*clients)
	for _, n := range crowd.has {
		received += n
	}
	return f, received, errors.Join(err1, err2)
}
