package trust

import (
	"context"

	"github.com/seed-3d078585/overseer/release"
)

// Insecure is the policy by which every candidate passes. It has to be named,
// so that it is found by reading the program; whoever uses it warns once.
func Insecure() Policy { return insecure{} }

// IsInsecure reports whether p is [Insecure], so that a caller can warn.
func IsInsecure(p Policy) bool {
	_, ok := p.(insecure)
	return ok
}

type insecure struct{}

func (insecure) Name() string { return "insecure" }

func (insecure) Vouch(context.Context, release.Candidate) (Grant, error) { return Grant{}, nil }
