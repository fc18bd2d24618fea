package tuf

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// attempts to look at the repository while other masters change what is kept.
const attempts = 3

// A Policy vouches for what a TUF repository lists. It is safe for concurrent
// use, looks at the repository once at a time, and has nothing to close.
type Policy struct {
	root    []byte
	target  string
	limits  Limits
	wire    *wire
	timeout time.Duration
	shelf   shelf
	turn    chan struct{} // holds the one that may look
}

var _ trust.HostPolicy = (*Policy)(nil)

// New returns a policy by o. It checks the options, an error of which names
// the field, and asks nobody. The policy remembers what it has seen until the
// process ends; [Policy.On] makes it remember longer.
func New(o Options) (*Policy, error) {
	o, base, err := o.complete()
	if err != nil {
		return nil, err
	}
	p := &Policy{
		root:    o.Root,
		target:  o.Target,
		limits:  o.Limits,
		wire:    newWire(o, base),
		timeout: o.RefreshTimeout,
	}
	return p.remembering(o.Name, new(process)), nil
}

// On returns the policy with the memory of a host, under the policy's name.
func (p *Policy) On(h trust.Host) trust.Policy {
	if h.Memory == nil {
		return p
	}
	return p.remembering(p.shelf.name, h.Memory)
}

func (p *Policy) remembering(name string, m trust.Memory) *Policy {
	bound := *p
	bound.shelf = shelf{memory: m, name: name}
	bound.turn = make(chan struct{}, 1)
	return &bound
}

// Name is [Options].Name.
func (p *Policy) Name() string { return p.shelf.name }

// Vouch refreshes what is known of the repository and returns the SHA-256 and
// the length that it lists for the target. It waits for the network, until ctx
// ends or [Options].RefreshTimeout is over. Nothing is tried twice: whoever
// asks may ask again later.
//
// What a refresh has proven is kept also where it fails in the end: a new root
// counts from now on, even if no timestamp can be had.
//
// Errors that can be matched: [ErrExpired], [ErrRollback], [ErrSignature],
// [ErrMismatch], [ErrMalformed], [ErrTooLarge], [ErrUnreachable],
// [ErrNoTarget], [ErrUnbound], [ErrMemory], those of package metadata of
// go-tuf, and that of ctx.
func (p *Policy) Vouch(ctx context.Context, _ release.Candidate) (trust.Grant, error) {
	ctx, cancel := within(ctx, p.timeout, "refresh")
	defer cancel()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return trust.Grant{}, p.failed(ended(ctx))
	}
	for n := 1; ; n++ {
		grant, err := p.look(ctx)
		if errors.Is(err, errOvertaken) && n < attempts && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return trust.Grant{}, p.failed(err)
		}
		return grant, nil
	}
}

func (p *Policy) failed(err error) error {
	return fmt.Errorf("ask the TUF repository %q for target %q: %w", sourceOf(p.wire.base), p.target, err)
}

// look asks the repository once, beginning at what is kept, and keeps what it
// has learned before it returns.
func (p *Policy) look(ctx context.Context) (trust.Grant, error) {
	before, err := p.shelf.read(ctx)
	if err != nil {
		return trust.Grant{}, err
	}
	known, err := parseKept(before)
	if err != nil {
		return trust.Grant{}, fmt.Errorf("%w: %q is damaged; take it away to begin anew at the pinned root: %w", ErrMemory, p.shelf.name, err)
	}
	grant, err := p.refresh(ctx, known)
	after, lost := known.bytes()
	if lost != nil {
		lost = fmt.Errorf("%w: %w; pin a newer root and begin anew", ErrMemory, lost)
	} else {
		lost = p.shelf.write(ctx, before, after)
	}
	switch {
	case lost == nil:
		return grant, err
	case err == nil:
		return trust.Grant{}, lost
	}
	return trust.Grant{}, fmt.Errorf("%w; and what was learned was not kept: %w", err, lost)
}
