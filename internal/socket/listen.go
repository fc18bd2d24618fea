package socket

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options are those of [Listen]. The zero Options wait as documented.
type Options struct {
	// Retry is how long addresses that are in use are tried again, all of them
	// together: a process before this one may still be letting go. 0 means 3
	// seconds, a negative value one attempt.
	Retry time.Duration

	// Waiting, where it is set, is called once for each address that is met in
	// use and will be tried again, with the error of the first attempt.
	Waiting func(Address, error)

	// Inherited are the sockets that a service manager has left. An address
	// takes the one that is bound to it, or that it names. Nil: none.
	Inherited *Inherited

	// Held are sockets that were bound before, and stay: theirs are the first
	// names under which a service manager keeps sockets.
	Held []*Socket
}

const (
	defaultRetry = 3 * time.Second
	firstPause   = 5 * time.Millisecond
	longestPause = 100 * time.Millisecond

	// attemptWait bounds one attempt: a host name may have to be resolved.
	attemptWait = 10 * time.Second
)

// Listen binds all addresses, in their order, or none: on an error it has
// closed, and unlinked, what it had bound; what was inherited is there for another
// claim. It blocks while an address is in use,
// until Options.Retry has passed or ctx is done. The error is a [*BindError]. On
// a system where descriptors cannot be handed over it matches
// errors.ErrUnsupported, and nothing was bound.
func Listen(ctx context.Context, addrs []Address, opts Options) ([]*Socket, error) {
	if opts.Retry == 0 {
		opts.Retry = defaultRetry
	}
	deadline := time.Now().Add(opts.Retry)
	sockets := make([]*Socket, 0, len(addrs))
	nth := make(map[string]int, len(addrs))
	for _, s := range opts.Held {
		nth[s.record.Spec]++
	}
	for _, a := range addrs {
		nth[a.Spec]++
		s, err := opts.Inherited.claim(ctx, a, nth[a.Spec])
		switch {
		case err != nil:
			err = bindError(a, err)
		case s == nil:
			s, err = listenUntil(ctx, a, deadline, opts.Waiting)
		}
		if err != nil {
			for _, s := range sockets {
				if !opts.Inherited.release(s) {
					err = errors.Join(err, s.discard())
				}
			}
			return nil, err
		}
		if s.record.StoreName == "" && !opts.Inherited.holds(s) {
			s.record.StoreName = newStoreName(a.Spec, nth[a.Spec], s.record.Node)
		}
		sockets = append(sockets, s)
	}
	return sockets, nil
}

// listenUntil tries one address until the deadline, with growing pauses: the
// kernel tells nobody that an address has become free.
func listenUntil(ctx context.Context, a Address, deadline time.Time, waiting func(Address, error)) (*Socket, error) {
	for next := firstPause; ; next = min(2*next, longestPause) {
		s, err := listenOnce(ctx, a)
		if err == nil {
			return s, nil
		}
		left := time.Until(deadline)
		if !errors.Is(err, ErrInUse) || left <= 0 {
			return nil, bindError(a, err)
		}
		if waiting != nil {
			waiting(a, bindError(a, err))
			waiting = nil
		}
		if stopped := pause(ctx, min(next, left)); stopped != nil {
			return nil, bindError(a, fmt.Errorf("%w, and waiting for it was ended: %w", err, stopped))
		}
	}
}

// pause waits, and returns the cause where ctx is done first.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// listenOnce binds one address and takes its descriptor out of package net, so
// that the master has one for each socket and none of them in its poller.
func listenOnce(ctx context.Context, a Address) (*Socket, error) {
	if !canDetach {
		return nil, fmt.Errorf("keep a socket for a worker: %w on this system", errors.ErrUnsupported)
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	b, err := bind(ctx, a)
	if err != nil {
		return nil, err
	}
	fd, err := detach(b.conn)
	if err != nil {
		return nil, errors.Join(err, b.node.unlink(), b.conn.Close())
	}
	s := &Socket{fd: fd, record: Record{Spec: a.Spec, Network: a.family(), Address: a.Resolved(b.addr), Node: b.node}}
	if err := b.conn.Close(); err != nil {
		return nil, errors.Join(err, s.discard())
	}
	return s, nil
}
