// Package tracing makes traces of restarts and upgrades for OpenTelemetry.
//
// It promises:
//
//   - One span for each restart, upgrade and rollback, with a child for each stage:
//     the handover, the trial, and the way back where it was rolled back.
//   - Whoever ordered it sees it in the trace of the order.
//   - A span that has begun ends: whatever events are missing or out of order, at
//     the next one that shows that it is over, or with [Tracer.Close]. Its memory
//     is bounded.
//
// In the process of the master:
//
//	tracer := tracing.New(provider)
//	overseer.Run(overseer.Config{OnEvent: tracer.Observe, …})
//
// Outside of it, with a client:
//
//	err := tracing.Follow(ctx, admin.Dial("/srv/app/.app.overseer/admin.sock"), tracer)
//
// A program goes on with the trace of the order that it was started by, see
// [FromEnv]. docs/tracing.md of the project lists names and attributes.
package tracing
