package cli

import (
	"context"

	"github.com/seed-3d078585/overseer/admin"
)

var restartCommand = Command{
	Name: "restart", About: "start the program anew, without losing a request",
	Text: `
A new generation is started beside the live one, and takes over when it is ready
and its probe has passed. If it fails, the live one goes on.
` + followText,
	Examples: "restart\nrestart --reason 'new certificate'\nrestart --name app --no-wait",
	Setup: func(k *Call) func(context.Context) error {
		o := k.followed()
		return func(ctx context.Context) error {
			return k.give(ctx, o, "restart", "", "", func(ctx context.Context, c *admin.Client, order admin.Order) (admin.Accepted, error) {
				return c.Restart(ctx, order)
			})
		}
	},
}
