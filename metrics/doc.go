// Package metrics has what a master and its generations do as metrics for
// Prometheus.
//
// It promises:
//
//   - A scrape is bounded. A master that is dead, or hangs, gives overseer_up 0
//     and what was counted so far, within the time of [Timeout], and never an
//     error page.
//   - Each event is counted once, by its ID: over reconnects, and over masters.
//     What came between two scrapes is counted by the second.
//   - The number of series is bounded, however many generations and releases
//     come and go: only generations that exist have labels, and the reasons are a
//     closed set.
//
// An exporter beside a service:
//
//	err := metrics.Serve(ctx, listener, admin.Dial("/srv/app/.app.overseer/admin.sock"))
//
// A program that has metrics of its own, and runs under a master:
//
//	registry.MustRegister(metrics.New(admin.Dial(socket)))
//
// docs/metrics.md of the project lists all metrics.
package metrics
