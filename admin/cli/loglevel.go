package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/admin"
)

var logLevels = []string{"debug", "info", "warn", "error"}

var logLevelCommand = Command{
	Name: "log-level", Args: "[debug | info | warn | error]", About: "say how much the master logs, or change it",
	Text: `
It is the master's own log; what the program writes is the program's affair. The
level lasts as long as the master.

With --json it writes {"log_level": LEVEL}.
`,
	Examples: "log-level\nlog-level debug",
	Words:    []Word{{Name: "debug"}, {Name: "info"}, {Name: "warn"}, {Name: "error"}},
	Setup: func(k *Call) func(context.Context) error {
		o := k.order()
		return func(ctx context.Context) error { return k.logLevel(ctx, o) }
	},
}

func (k *Call) logLevel(ctx context.Context, o *ordering) error {
	if len(k.Args) > 1 || len(k.Args) == 1 && !slices.Contains(logLevels, k.Args[0]) {
		return Usage("want one of %s, got %q", strings.Join(logLevels, ", "), k.Args)
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	if len(k.Args) == 1 {
		if _, err := client.SetLogLevel(ctx, k.orderOf(o), k.Args[0]); err != nil {
			return err
		}
	}
	var s admin.Status
	if s, err = client.Status(ctx); err != nil {
		return err
	}
	return k.Result(map[string]string{"log_level": s.LogLevel}, Line(s.LogLevel)+"\n")
}
