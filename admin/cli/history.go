package cli

import (
	"context"

	"github.com/seed-3d078585/overseer/admin"
)

var historyCommand = Command{
	Name: "history", About: "show which releases there were, and how their upgrades ended",
	Text: `
One line for each change of release, the newest first. What a release wrote when it
failed stands below it.

With --json it writes {"history": […]}, as GET /v1/history has them.
`,
	Examples: "history\nhistory -n 100 --json",
	Setup: func(k *Call) func(context.Context) error {
		most := k.Flags.Int("n", 20, "`COUNT` of changes at most")
		return func(ctx context.Context) error { return k.history(ctx, *most) }
	},
}

func (k *Call) history(ctx context.Context, most int) error {
	if err := k.none(); err != nil {
		return err
	}
	if most < 1 || most > maxEvents {
		return Usage("-n %d: want 1 to %d", most, maxEvents)
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	all, err := client.History(ctx, most)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		all = []admin.Attempt{}
	}
	return k.Result(map[string]any{"history": all}, k.historyText(all))
}

func (k *Call) historyText(all []admin.Attempt) string {
	if len(all) == 0 {
		return "no release was tried yet\n"
	}
	now := k.Now()
	s := &sheet{Env: k.Env}
	for _, a := range all {
		how, took := style(""), "so far"
		switch a.Result {
		case admin.ResultDone:
			how = green
		case admin.UnderWay:
			how = yellow
		default:
			how = red
		}
		if !a.Ended.IsZero() {
			took = Span(a.Ended.Sub(a.Began))
		} else {
			took = Span(now.Sub(a.Began)) + " " + took
		}
		s.b.WriteString(Moment(a.Began, now) + "  " + s.paint(how, Line(string(a.Result))) + "  " + ReleaseName(a.From) + " -> " + ReleaseName(a.To) + ", " + took)
		if a.Actor != "" {
			s.b.WriteString(", by " + Line(a.Actor))
		}
		s.b.WriteString("\n")
		if a.Reason != "" {
			s.row("", "", "%s", a.Reason)
		}
		if a.Output != "" {
			s.quoted(a.Output, 5)
		}
	}
	return s.b.String()
}
