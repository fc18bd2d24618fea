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
	o, ok := c.Body.(*offer)
	if !ok || o.source != v.source {
		return trust.Grant{}, errForeign
	}
	return trust.Grant{Digest: o.about.Digest, Size: o.about.Size, Version: o.version}, nil
}
