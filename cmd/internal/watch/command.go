package watch

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/seed-3d078585/overseer/admin/cli"
)

// Command is overseer watch.
var Command = cli.Command{
	Name: "watch", Aliases: []string{"top"}, About: "watch the service in this terminal, and steer it by keys",
	Text: `
It shows what is live, what is under way and how long that may take, the connections
of each generation, who holds upgrades, why the last release was refused, and the
last events. r restarts, u upgrades, b rolls back, h holds upgrades or lets them go
on; each is asked about first. ? shows the keys, q ends the view.

It connects again when the master is replaced. It needs a terminal; for a script
there are events -f and status --json.
`,
	Examples: "watch\nwatch --name app",
	Setup: func(k *cli.Call) func(context.Context) error {
		return func(ctx context.Context) error { return run(ctx, k) }
	},
}

func run(ctx context.Context, k *cli.Call) error {
	if len(k.Args) > 0 {
		return cli.Usage("it takes no arguments, and got %q", k.Args)
	}
	if !k.Terminal || k.JSON {
		return cli.Usage("it needs a terminal; for a script there are events -f --json and status --json")
	}
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	if err := reachable(ctx, client); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	out := make(chan tea.Msg)
	done := make(chan struct{})
	go func() {
		defer close(done)
		feed(ctx, client, out)
	}()
	defer func() { // the feed is gone before the call is
		cancel()
		<-done
	}()
	m := newModel(ctx, client, out, look{unicode: k.Unicode(), colour: k.Colour()})
	_, err = tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(k.Stdin), tea.WithOutput(k.Stdout)).Run()
	if errors.Is(err, tea.ErrInterrupted) || ctx.Err() != nil {
		return nil // Ctrl-C, or a signal: that is how it ends
	}
	return err
}

// reachable asks once, so that what is wrong is said before the screen is taken.
func reachable(ctx context.Context, m master) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := m.Status(ctx)
	return err
}

func newModel(ctx context.Context, m master, out <-chan tea.Msg, l look) *model {
	return &model{look: l, master: m, ctx: ctx, feed: out, now: time.Now, rates: map[int]*rate{}}
}
