package tracing

import (
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/takeover"
)

// scope is the name of the instrumentation.
const scope = "github.com/seed-3d078585/overseer/tracing"

// A Tracer makes spans of the events of one master. It is safe for concurrent use.
// Made by [New].
type Tracer struct {
	tracer trace.Tracer
	extra  []attribute.KeyValue

	mu     sync.Mutex
	closed bool
	reader takeover.Reader
	under  map[uint64]*way // way, by the number of the takeover; two at most
}

// An Option changes what [New] makes.
type Option func(*Tracer)

// Attributes are set on each span, beside those of the event: the name of the
// service where one process follows several masters.
func Attributes(all ...attribute.KeyValue) Option {
	return func(t *Tracer) { t.extra = append(t.extra, all...) }
}

// New returns a tracer whose spans are of this provider; nil stands for the global
// one. The provider stays the caller's, who shuts it down after [Tracer.Close].
func New(provider trace.TracerProvider, opts ...Option) *Tracer {
	if provider == nil {
		provider = otel.GetTracerProvider()
	}
	t := &Tracer{tracer: provider.Tracer(scope), under: map[uint64]*way{}}
	for _, o := range opts {
		o(t)
	}
	return t
}

// Observe takes the next event. It waits for nothing but the provider's span
// processors: with a batching one it returns at once. After Close it does nothing.
func (t *Tracer) Observe(e admin.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	for _, w := range t.under {
		w.note(e)
	}
	t.takeLocked(t.reader.Read(e))
}

// Close ends all spans that are open, as interrupted. It may be called again.
func (t *Tracer) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		t.takeLocked(t.reader.Close(time.Now()))
	}
}

func (t *Tracer) takeLocked(steps []takeover.Step) {
	for _, s := range steps {
		n := s.Takeover.Number
		switch s.Did {
		case takeover.Began:
			t.under[n] = t.begin(s)
		case takeover.Staged:
			t.under[n].enter(s)
		case takeover.Ended:
			t.under[n].end(s)
			delete(t.under, n)
		}
	}
}
