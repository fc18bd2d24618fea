package tracing

import (
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/seed-3d078585/overseer/admin"
)

// One event of an upgrade: five of them are four spans that are recorded and
// given to a processor which does nothing.
func BenchmarkObserve(b *testing.B) {
	tracer := New(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(&counting{})))
	start := time.Now()
	events := []admin.Event{
		{Kind: admin.Fetched}, {Kind: admin.Starting}, {Kind: admin.Trial}, {Kind: admin.Committed}, {Kind: admin.Live},
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		e := events[n%len(events)]
		e.Generation = n/len(events) + 1
		e.Release = []string{"a", "b"}[e.Generation%2]
		e.Time = start.Add(time.Duration(n) * time.Second)
		tracer.Observe(e)
		n++
	}
}
