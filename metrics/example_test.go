package metrics_test

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/metrics"
)

// A program that has metrics of its own.
func ExampleNew() {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.New(admin.Dial("/srv/app/.app.overseer/admin.sock")))

	all, err := registry.Gather()
	for _, family := range all {
		if strings.HasSuffix(family.GetName(), "_up") {
			fmt.Println(family.GetName(), family.GetMetric()[0].GetGauge().GetValue(), err)
		}
	}
	// Output: overseer_up 0 <nil>
}

// An exporter.
func ExampleServe() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // at once, in this example
	fmt.Println(metrics.Serve(ctx, l, admin.Dial("/srv/app/.app.overseer/admin.sock")))
	// Output: <nil>
}
