package trust

import (
	"context"
	"slices"

	"github.com/seed-3d078585/overseer/release"
)

// Insecure is the policy by which every candidate passes. It has to be named,
// so that it is found by reading the program; whoever uses it warns once.
func Insecure() Policy { return insecure{} }

// IsInsecure reports whether p is [Insecure], so that a caller can warn. It sees
// through [AnyOf], which is where one member is, and [AllOf], which is where all
// are.
func IsInsecure(p Policy) bool {
	switch p := p.(type) {
	case insecure:
		return true
	case anyOf:
		return slices.ContainsFunc(p.several, IsInsecure)
	case allOf:
		return len(p.several) > 0 && !slices.ContainsFunc(p.several, func(p Policy) bool { return !IsInsecure(p) })
	}
	return false
}

type insecure struct{}

func (insecure) Name() string { return "insecure" }

func (insecure) Vouch(context.Context, release.Candidate) (Grant, error) { return Grant{}, nil }
