package trusttest

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// Product is the one that the policies of a [Suite] are pinned to, and
// [Channel] the channel.
const Product = "app"

// A Suite tells whether a policy lets honest releases in and refuses forged
// ones, over restarts of the program: a [trust.HostPolicy] is made anew for each
// candidate, with the same [Memory]. It asks the policies that are given.
type Suite struct {
	// Keys makes a policy that trusts manifests which one of these keys has
	// signed, each in minisign's one line.
	Keys func(keys ...string) trust.Policy

	// Roots makes one that trusts the keys of a list which one of these keys
	// has signed.
	Roots func(keys ...string) trust.Policy

	// Errors wants each refusal to match the error of package trust for it.
	Errors bool
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	for _, kind := range []struct {
		name string
		root bool
		make func(keys ...string) trust.Policy
		key  func(*Publisher) *Key
	}{
		{"keys", false, s.Keys, func(p *Publisher) *Key { return p.Release }},
		{"roots", true, s.Roots, func(p *Publisher) *Key { return p.Root }},
	} {
		if kind.make == nil {
			continue
		}
		for _, f := range Forgeries() {
			if f.Want == nil || f.Root && !kind.root {
				continue
			}
			t.Run(kind.name+"/"+f.Name, func(t *testing.T) {
				p := NewPublisher(t, Product)
				p.Deltas = 0 // a policy looks at no patch
				s.attack(t, f, p, newHost(kind.make, kind.key(p).Public()))
			})
		}
	}
}

// attack lets a host take an honest release, attacks it, and lets it take the
// next honest one.
func (s Suite) attack(t *testing.T, f Forgery, p *Publisher, h host) {
	p.History()
	h.takes(t, p)
	forged := f.Make(p).Statement()
	for _, when := range []string{"first", "again"} {
		g, err := h.vouch(t.Context(), forged)
		switch {
		case err == nil:
			t.Fatalf("the forged release is let in (%s): %+v\n%.2000s", when, g, forged.Manifest)
		case s.Errors && !errors.Is(err, f.Want):
			t.Fatalf("refused (%s): %v\nwant: %v", when, err, f.Want)
		}
	}
	p.Publish("2.0.0")
	h.takes(t, p)
}

// A host asks a policy.
type host struct {
	policy func() trust.Policy
}

func newHost(makePolicy func(...string) trust.Policy, key string) host {
	memory := &Memory{}
	first := makePolicy(key)
	return host{func() trust.Policy {
		if _, ok := first.(trust.HostPolicy); !ok {
			return first
		}
		return trust.On(makePolicy(key), trust.Host{Memory: memory, MachineID: "test"})
	}}
}

func (h host) vouch(ctx context.Context, st *release.Statement) (trust.Grant, error) {
	v, err := trust.Check(ctx, h.policy(), release.Candidate{Source: "trusttest", Statement: st})
	if err != nil {
		return trust.Grant{}, err
	}
	c := v.Candidate()
	return trust.Grant{Digest: c.Digest, Size: c.Size}, nil
}

// takes wants the honest release that is published.
func (h host) takes(t *testing.T, p *Publisher) {
	t.Helper()
	program := p.Latest()
	want := trust.Grant{Digest: sha256.Sum256(program), Size: int64(len(program))}
	if g, err := h.vouch(t.Context(), p.Files().Statement(Channel)); err != nil || g != want {
		t.Fatalf("an honest release: %+v, %v\nwant: %+v", g, err, want)
	}
}
