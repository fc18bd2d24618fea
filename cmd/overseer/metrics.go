package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/seed-3d078585/overseer/admin/cli"
	"github.com/seed-3d078585/overseer/metrics"
)

var metricsCommand = cli.Command{
	Name: "metrics", About: "serve metrics of the service for Prometheus, until Ctrl-C",
	Text: `
It listens for Prometheus, which scrapes /metrics, and asks the master's socket each
time. It asks for no password: listen on loopback, or where only Prometheus comes. A
master that is dead, or does not answer, is a metric, overseer_up 0, and no error.

With --socket it may be started before the service. It prints its URL, with --json
as {"url"}, and goes on until Ctrl-C, or until --timeout is over where that is given.
`,
	Examples: "metrics\nmetrics --name app --listen 127.0.0.1:9465\nmetrics --socket /srv/app/.app.overseer/admin.sock",
	Setup: func(k *cli.Call) func(context.Context) error {
		listen := k.Flags.String("listen", "127.0.0.1:9465", "`ADDRESS` to listen on")
		return func(ctx context.Context) error { return serveMetrics(ctx, k, *listen) }
	},
}

func serveMetrics(ctx context.Context, k *cli.Call, address string) error {
	if len(k.Args) > 0 {
		return cli.Usage("it takes no arguments, and got %q", k.Args)
	}
	if k.Given("timeout") {
		d, err := time.ParseDuration(k.Flags.Lookup("timeout").Value.String())
		if err != nil {
			return cli.Usage("--timeout: %v", err)
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	client, err := k.Connect(ctx)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for Prometheus: %w", err)
	}
	url := fmt.Sprintf("http://%s/metrics", l.Addr())
	if err := k.Result(struct {
		URL string `json:"url"`
	}{url}, url+"\n"); err != nil {
		l.Close()
		return err
	}
	return metrics.Serve(ctx, l, client)
}
