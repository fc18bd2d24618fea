package trust_test

import (
	"testing"

	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// TestForgeries: each attack that a policy can tell is refused, by its own
// error, after an honest release and before another one.
func TestForgeries(t *testing.T) {
	trusttest.Suite{
		Keys: func(keys ...string) trust.Policy {
			return trust.Minisign(keys...).For(trusttest.Product, trusttest.Channel)
		},
		Roots: func(keys ...string) trust.Policy {
			return trust.Root(keys...).For(trusttest.Product, trusttest.Channel)
		},
		Errors: true,
	}.Run(t)
}
