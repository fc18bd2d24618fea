package cli

import (
	"context"
	"slices"

	"github.com/seed-3d078585/overseer/admin"
)

var rollbackCommand = Command{
	Name: "rollback", About: "put the generation before back, or the binary before",
	Text: `
During a trial the generation before stands by: it is put back at once, and the
release goes into quarantine (--to standby). After the trial the binary that was
installed before is started beside the live one, and serves a probation as any
other release (--to previous). Without --to it is the first of the two that is
possible; status says what is.

On a terminal it asks first.
` + followText,
	Examples: "rollback\nrollback --to previous --reason 'orders are lost' --yes",
	Setup: func(k *Call) func(context.Context) error {
		o := k.followed()
		to := k.Flags.String("to", "", "`WHERE` to: standby or previous")
		k.oneOf("to", string(admin.ToStandby), string(admin.ToPrevious))
		return func(ctx context.Context) error {
			if err := k.none(); err != nil {
				return err
			}
			target := admin.Target(*to)
			if target == "" {
				var err error
				if target, err = k.target(ctx); err != nil {
					return err
				}
			}
			question := "put back the generation that stands by"
			if target == admin.ToPrevious {
				question = "go back to the binary that was installed before"
			}
			return k.give(ctx, o, "rollback", question, target, func(ctx context.Context, c *admin.Client, order admin.Order) (admin.Accepted, error) {
				return c.Rollback(ctx, order, target)
			})
		}
	},
}

// target is what a rollback goes to where nobody has said.
func (k *Call) target(ctx context.Context) (admin.Target, error) {
	client, err := k.Connect(ctx)
	if err != nil {
		return "", err
	}
	s, err := k.statusOf(ctx, client)
	if err != nil {
		return "", err
	}
	switch {
	case slices.Contains(s.Rollback, admin.ToStandby):
		return admin.ToStandby, nil
	case slices.Contains(s.Rollback, admin.ToPrevious):
		return admin.ToPrevious, nil
	}
	return "", &admin.Conflict{Reason: "there is nothing to go back to: no generation stands by, and no binary before the installed one is kept"}
}
