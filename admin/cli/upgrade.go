package cli

import (
	"context"

	"github.com/seed-3d078585/overseer/admin"
)

var upgradeCommand = Command{
	Name: "upgrade", About: "look for a release now, and try it; or try the one that waits",
	Text: `
A release that is staged and waits is tried now, else the source is asked now. What
is found is checked, started beside the live generation, and serves its probation;
only then is it installed. If it fails, the one before is put back.

That there is nothing new is no failure.
` + followText,
	Examples: "upgrade\nupgrade --timeout 1h --json",
	Setup: func(k *Call) func(context.Context) error {
		o := k.followed()
		return func(ctx context.Context) error {
			return k.give(ctx, o, "upgrade", "", "", func(ctx context.Context, c *admin.Client, order admin.Order) (admin.Accepted, error) {
				return c.Upgrade(ctx, order)
			})
		}
	},
}
