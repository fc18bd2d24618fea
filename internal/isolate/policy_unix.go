//go:build unix

package isolate

import (
	"context"
	"errors"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// errForeign is a candidate that no fetch process has vouched for.
var errForeign = errors.New("the candidate is not one that the fetch process has vouched for")

// vouched is the policy of a [Source].
type vouched struct {
	source *Source
	name   string
}

func (v vouched) Name() string { return v.name + ", in the fetch process" }

// Vouch binds the bytes to what was vouched for there: a compromised fetch
// process may vouch for bad bytes, but brings no others than those.
func (v vouched) Vouch(_ context.Context, c release.Candidate) (trust.Grant, error) {
	o, err := v.source.own(c)
	if err == nil {
		err = o.refused
	}
	if err != nil {
		return trust.Grant{}, err
	}
	return trust.Grant{Digest: o.about.Digest, Size: o.about.Size, Version: o.version}, nil
}

// own returns the candidate's body where it is one of this source.
func (s *Source) own(c release.Candidate) (*offer, error) {
	if o, ok := c.Body.(*offer); ok && o.source == s {
		return o, nil
	}
	return nil, errForeign
}

// rechecked is the policy of a [Source] whose statements are judged again, by the
// policy itself. Whatever the bytes do to its code, they have done to the fetch
// process before; and whatever that has become, it has no keys.
type rechecked struct {
	vouched
	policy trust.Policy
}

func (r rechecked) Name() string { return r.policy.Name() }

func (r rechecked) On(h trust.Host) trust.Policy {
	r.policy = trust.On(r.policy, h)
	return r
}

// Vouch asks the policy first, whatever the fetch process says: it learns also
// from what it refuses.
func (r rechecked) Vouch(ctx context.Context, c release.Candidate) (trust.Grant, error) {
	o, err := r.source.own(c)
	if err != nil {
		return trust.Grant{}, err
	}
	if o.about.Statement == nil && o.refused != nil {
		return trust.Grant{}, o.refused
	}
	grant, err := r.policy.Vouch(ctx, c)
	if err == nil {
		err = o.refused
	}
	return grant, err
}
