module github.com/seed-3d078585/overseer/tracing

go 1.26.0

require (
	github.com/seed-3d078585/overseer v0.0.0
	go.opentelemetry.io/otel v1.47.0
	go.opentelemetry.io/otel/sdk v1.47.0
	go.opentelemetry.io/otel/trace v1.47.0
)

replace github.com/seed-3d078585/overseer => ../
