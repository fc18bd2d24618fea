package tracing

import (
	"cmp"
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/takeover"
)

// A way is the span of one takeover, and that of the stage it is in.
type way struct {
	tracer *Tracer
	ctx    context.Context // of root
	root   trace.Span
	stage  trace.Span // nil: in none
	is     takeover.Takeover
	newest time.Time // no span ends before it has begun, whatever clocks do
	notes  int
}

// begin opens the span of a takeover, at the time of the order, or of the fetching,
// that led to it.
func (t *Tracer) begin(s takeover.Step) *way {
	w := &way{tracer: t, is: s.Takeover, newest: s.Takeover.Began}
	from := s.Takeover.Began
	for _, cause := range []*admin.Event{s.Takeover.Fetched, s.Takeover.Asked} {
		if cause != nil && cause.Time.Before(from) {
			from = cause.Time
		}
	}
	w.ctx, w.root = t.tracer.Start(withParent(context.Background(), s.Takeover.Trace, ""), name(s.Takeover.Kind),
		trace.WithTimestamp(from), trace.WithAttributes(t.extra...))
	if from.Before(s.Takeover.Began) {
		w.open("wait", from)
		w.leave("", nil)
	}
	if s.Takeover.Stage != "" {
		w.open(string(s.Takeover.Stage), w.newest)
	}
	return w
}

func name[T ~string](part T) string { return "overseer." + string(part) }

// open opens the span of a stage.
func (w *way) open(stage string, at time.Time) {
	_, w.stage = w.tracer.tracer.Start(w.ctx, name(stage), trace.WithTimestamp(at), trace.WithAttributes(w.tracer.extra...))
}

// leave ends the span of a stage. A reason says that it ended badly.
func (w *way) leave(reason string, attributes []attribute.KeyValue) {
	if w.stage == nil {
		return
	}
	w.stage.SetAttributes(attributes...)
	if reason != "" {
		w.stage.SetStatus(codes.Error, reason)
	}
	w.stage.End(trace.WithTimestamp(w.newest))
	w.stage = nil
}

// enter goes from one stage to the next.
func (w *way) enter(s takeover.Step) {
	w.learn(s)
	bad := ""
	if s.Takeover.Stage == takeover.Back {
		bad = why(s.Takeover)
	}
	w.leave(bad, generation(s.Takeover))
	w.open(string(s.Takeover.Stage), w.newest)
}

func (w *way) end(s takeover.Step) {
	w.learn(s)
	bad := ""
	switch s.Takeover.Result {
	case takeover.Failed, takeover.RolledBack, takeover.Refused:
		bad = why(s.Takeover)
		w.root.SetStatus(codes.Error, bad)
	}
	if s.Before == takeover.Back { // the way back itself was a success
		bad = ""
	}
	w.leave(bad, generation(s.Takeover))
	w.root.SetName(name(s.Takeover.Kind)) // a restart may have found another release
	w.root.SetAttributes(attributes(s.Takeover)...)
	w.root.End(trace.WithTimestamp(w.newest))
}

func (w *way) learn(s takeover.Step) {
	w.is = s.Takeover
	if s.Event.Time.After(w.newest) {
		w.newest = s.Event.Time
	}
}

// why says what went wrong, in words.
func why(t takeover.Takeover) string { return cmp.Or(t.Reason, string(t.Cause)) }
