package tracing

import (
	"context"
	"os"

	"go.opentelemetry.io/otel/propagation"
)

// FromEnv returns a context with the span of the order that this process was
// started by, which the master has put in its environment: a program that starts
// a span with it goes on with the trace of whoever ordered the restart. Where
// there was no such order, ctx is returned as it is.
//
// The variables are TRACEPARENT and TRACESTATE. Source: OpenTelemetry,
// "Environment Variables as Context Propagation Carriers".
func FromEnv(ctx context.Context) context.Context {
	return withParent(ctx, os.Getenv("TRACEPARENT"), os.Getenv("TRACESTATE"))
}

// withParent returns a context with a remote span. What is no traceparent is
// ignored, as the specification wants it.
func withParent(ctx context.Context, parent, state string) context.Context {
	if parent == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent, "tracestate": state})
}
