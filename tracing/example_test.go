package tracing_test

import (
	"context"
	"fmt"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/tracing"
)

func Example() {
	kept := tracetest.NewInMemoryExporter() // in a service: that of OTLP
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	defer provider.Shutdown(context.Background())

	tracer := tracing.New(provider)
	defer tracer.Close()
	// overseer.Run(overseer.Config{OnEvent: tracer.Observe, …}) has it observe:
	at := time.Now()
	tracer.Observe(admin.Event{Kind: admin.Starting, Generation: 2, Time: at})
	tracer.Observe(admin.Event{Kind: admin.Live, Generation: 2, Time: at.Add(80 * time.Millisecond)})

	for _, s := range kept.GetSpans() {
		fmt.Println(s.Name, s.EndTime.Sub(s.StartTime))
	}
	// Output:
	// overseer.handover 80ms
	// overseer.restart 80ms
}

func ExampleFollow() {
	tracer := tracing.New(nil) // the global provider
	defer tracer.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fmt.Println(tracing.Follow(ctx, admin.Dial("/srv/app/.app.overseer/admin.sock"), tracer))
	// Output: context canceled
}
