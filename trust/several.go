package trust

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/release"
)

// AllOf lets in what each of the policies lets in. What they vouch for is bound
// together; where they vouch for different bytes the candidate is refused. They
// are asked in order, and the first refusal is the answer.
//
// Without a policy, or with a nil one, it refuses everything.
//
// Errors that can be matched: [ErrNoPolicy], [ErrContradiction], and those of
// the policies.
func AllOf(policies ...Policy) HostPolicy { return allOf{several(slices.Clone(policies))} }

// AnyOf lets in what one of the policies lets in, and binds what that vouches
// for. They are asked in order; where all refuse, their errors are joined.
//
// Policies of one product share what they remember of it: to replace a key,
// give one [Minisign] both keys rather than two policies one each.
//
// Without a policy, or with a nil one, it refuses everything.
//
// Errors that can be matched: [ErrNoPolicy], and those of the policies.
func AnyOf(policies ...Policy) HostPolicy { return anyOf{several(slices.Clone(policies))} }

// several is what both have in common.
type several []Policy

// Check tells what is wrong with the settings, for a caller at its start.
func (s several) Check() error {
	if len(s) == 0 {
		return fmt.Errorf("%w: of no policies at all nothing is trusted", ErrNoPolicy)
	}
	var all []error
	for i, p := range s {
		if p == nil {
			all = append(all, fmt.Errorf("policy %d: %w", i+1, ErrNoPolicy))
		} else if c, ok := p.(interface{ Check() error }); ok {
			all = append(all, c.Check())
		}
	}
	return errors.Join(all...)
}

func (s several) on(h Host) several {
	bound := slices.Clone(s)
	for i, p := range bound {
		bound[i] = On(p, h)
	}
	return bound
}

func (s several) name(how string) string {
	names := make([]string, len(s))
	for i, p := range s {
		if names[i] = "none"; p != nil {
			names[i] = p.Name()
		}
	}
	return how + "(" + strings.Join(names, ", ") + ")"
}

type allOf struct{ several }

func (a allOf) Name() string { return a.name("all of") }

func (a allOf) On(h Host) Policy { return allOf{a.on(h)} }

func (a allOf) Vouch(ctx context.Context, c release.Candidate) (Grant, error) {
	if err := a.Check(); err != nil {
		return Grant{}, err
	}
	var bound release.Candidate // by what is proven alone, not by what c claims
	for _, p := range a.several {
		g, err := ask(ctx, p, c)
		if err != nil {
			return Grant{}, err
		}
		if bound, err = g.bind(bound); err != nil {
			return Grant{}, fmt.Errorf("policy %q and those before it: %w", p.Name(), err)
		}
	}
	return Grant{Digest: bound.Digest, Size: bound.Size}, nil
}

type anyOf struct{ several }

func (a anyOf) Name() string { return a.name("any of") }

func (a anyOf) On(h Host) Policy { return anyOf{a.on(h)} }

func (a anyOf) Vouch(ctx context.Context, c release.Candidate) (Grant, error) {
	if err := a.Check(); err != nil {
		return Grant{}, err
	}
	var all []error
	for _, p := range a.several {
		g, err := ask(ctx, p, c)
		if err == nil {
			return g, nil
		}
		all = append(all, err)
	}
	return Grant{}, errors.Join(all...)
}

func ask(ctx context.Context, p Policy, c release.Candidate) (Grant, error) {
	if err := ctx.Err(); err != nil {
		return Grant{}, err
	}
	g, err := p.Vouch(ctx, c)
	if err != nil {
		return Grant{}, fmt.Errorf("policy %q: %w", p.Name(), err)
	}
	return g, nil
}
