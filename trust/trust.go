// Package trust decides which candidate may come near the disk.
//
// Its promises:
//
//   - [Check] is the only way to a [Verified]: what was not checked does not
//     compile where checked bytes are asked for, and the zero Verified is
//     refused by whoever takes one.
//   - No policy is an error. A forgotten key never means "skip".
//   - A policy judges claims and never reads the body. What it vouches for (a
//     digest, a length) binds the bytes: the store refuses bytes that differ.
//   - [Minisign] and [Root] check signatures over exact bytes before anything
//     is parsed, and let in what is the publisher's, for this product, channel
//     and platform, newest, in order and in time; nothing else.
//   - What they have seen they remember, so that no old release, no old key
//     and no clock set back is of any use later: see [Memory].
//   - Each refusal is an error of its own, which says what there is to do.
//
// The usual policy, made of the line that minisign -G prints:
//
//	trust.Minisign("RWSHnDLHerb5rO89…").For("app", "stable")
//
// [AllOf] and [AnyOf] join policies. docs/manifest.md has the format of what is
// signed, and the order in which it is checked.
package trust

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3d078585/overseer/release"
)

var (
	// ErrNoPolicy is what [Check] returns for a nil policy.
	ErrNoPolicy = errors.New("no trust policy: name one, or name trust.Insecure to run whatever the source offers")

	// ErrContradiction is what [Check] returns where the source claims one
	// thing and the policy vouches for another.
	ErrContradiction = errors.New("the source and the policy disagree about the candidate")
)

// A Policy says whether a candidate may be staged. It is safe for concurrent
// use. The interface does not grow: what a policy may offer beyond it comes as
// a second, optional interface.
type Policy interface {
	// Name says in a log who decided.
	Name() string

	// Vouch returns what the policy stands for, or an error that says why the
	// candidate is refused. It may block until ctx ends. It neither reads nor
	// closes the candidate's body.
	Vouch(ctx context.Context, c release.Candidate) (Grant, error)
}

// A Grant is what a policy proved about a candidate. Each field that is not
// zero binds the bytes that arrive; the zero Grant lets every byte through.
type Grant struct {
	Digest release.Digest
	Size   int64
}

// Verified is a candidate that a policy let in. Only [Check] makes one that is
// of any use.
type Verified struct {
	candidate release.Candidate
	by        string
	insecure  bool
	checked   bool
}

// Check asks p about c. It blocks as long as p does. It neither reads nor
// closes the body of c: after an error that is still the caller's to do.
//
// Errors that can be matched: [ErrNoPolicy], [ErrContradiction], those of ctx,
// and those of p.
func Check(ctx context.Context, p Policy, c release.Candidate) (Verified, error) {
	if p == nil {
		return Verified{}, fmt.Errorf("check candidate from %q: %w", c.Source, ErrNoPolicy)
	}
	if err := ctx.Err(); err != nil {
		return Verified{}, fmt.Errorf("check candidate from %q: %w", c.Source, err)
	}
	grant, err := p.Vouch(ctx, c)
	if err != nil {
		return Verified{}, fmt.Errorf("check candidate from %q: policy %q refuses it: %w", c.Source, p.Name(), err)
	}
	bound, err := grant.bind(c)
	if err != nil {
		return Verified{}, fmt.Errorf("check candidate from %q by policy %q: %w", c.Source, p.Name(), err)
	}
	return Verified{candidate: bound, by: p.Name(), insecure: IsInsecure(p), checked: true}, nil
}

// bind returns c with the claims that the grant proved.
func (g Grant) bind(c release.Candidate) (release.Candidate, error) {
	if !g.Digest.IsZero() {
		if !c.Digest.IsZero() && c.Digest != g.Digest {
			return c, fmt.Errorf("%w: digest %s is claimed, %s is vouched for", ErrContradiction, c.Digest, g.Digest)
		}
		c.Digest = g.Digest
	}
	if g.Size != 0 {
		if c.Size != 0 && c.Size != g.Size {
			return c, fmt.Errorf("%w: %d bytes are claimed, %d are vouched for", ErrContradiction, c.Size, g.Size)
		}
		c.Size = g.Size
	}
	return c, nil
}

// Candidate returns the candidate with what the policy proved in its claims.
func (v Verified) Candidate() release.Candidate { return v.candidate }

// By names the policy that let the candidate in, for the log.
func (v Verified) By() string { return v.by }

// Insecure reports whether nobody vouched for the bytes: see [Insecure].
func (v Verified) Insecure() bool { return v.insecure }

// IsZero reports whether v did not come from [Check]. Whoever takes a Verified
// refuses such a one.
func (v Verified) IsZero() bool { return !v.checked }
