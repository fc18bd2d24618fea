package tracing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed-3d078585/overseer/admin"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// recorder is a provider that keeps what it is given.
func recorder(t testing.TB) (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	t.Helper()
	kept := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider, kept
}

// observe has events observed, a second apart where they have no time, and returns
// the spans as text.
func observe(t *testing.T, events ...admin.Event) string {
	t.Helper()
	provider, kept := recorder(t)
	tracer := New(provider)
	for i, e := range events {
		if e.Time.IsZero() {
			e.Time = time.Unix(int64(i), 0)
		}
		tracer.Observe(e)
	}
	return draw(kept.GetSpans())
}

// draw writes spans as trees, children by their start, such as
//
//	upgrade 1s-5s error(status 500)
//	  trial 2s-4s
func draw(spans tracetest.SpanStubs) string {
	children := map[string][]tracetest.SpanStub{}
	known := map[string]bool{}
	for _, s := range spans {
		known[s.SpanContext.SpanID().String()] = true
	}
	for _, s := range spans {
		id := s.Parent.SpanID().String()
		if !known[id] {
			id = ""
		}
		children[id] = append(children[id], s)
	}
	var text strings.Builder
	var write func(of, indent string)
	write = func(of, indent string) {
		list := children[of]
		sort.SliceStable(list, func(i, k int) bool { return list[i].StartTime.Before(list[k].StartTime) })
		for _, s := range list {
			fmt.Fprintf(&text, "%s%s %ds-%ds", indent, strings.TrimPrefix(s.Name, "overseer."), s.StartTime.Unix(), s.EndTime.Unix())
			if s.Status.Code == codes.Error {
				fmt.Fprintf(&text, " error(%s)", s.Status.Description)
			}
			if s.Parent.IsRemote() {
				text.WriteString(" of " + s.Parent.TraceID().String()[:8])
			}
			text.WriteString("\n")
			write(s.SpanContext.SpanID().String(), indent+"  ")
		}
	}
	write("", "")
	return text.String()
}

func TestSpans(t *testing.T) {
	live := admin.Event{Kind: admin.Live, Generation: 1, Release: "a"} // at 0 s
	for _, row := range []struct {
		name   string
		events []admin.Event
		want   string
	}{
		{"an upgrade", []admin.Event{live,
			{Kind: admin.Fetched, Release: "b"},
			{Kind: admin.Starting, Generation: 2, Release: "b"},
			{Kind: admin.Trial, Generation: 2, Release: "b"},
			{Kind: admin.Committed, Release: "b"},
			{Kind: admin.Live, Generation: 2, Release: "b"},
		}, "upgrade 1s-4s\n  wait 1s-2s\n  handover 2s-3s\n  trial 3s-4s\n"},
		{"an upgrade that is rolled back", []admin.Event{live,
			{Kind: admin.Starting, Generation: 2, Release: "b"},
			{Kind: admin.Trial, Generation: 2, Release: "b"},
			{Kind: admin.RolledBack, Generation: 2, Release: "b", Reason: "probe failed: status 500"},
			live,
		}, "upgrade 1s-4s error(probe failed: status 500)\n  handover 1s-2s\n  trial 2s-3s error(probe failed: status 500)\n  back 3s-4s\n"},
		{"an upgrade that fails", []admin.Event{live,
			{Kind: admin.Starting, Generation: 2, Release: "b"},
			{Kind: admin.Failed, Generation: 2, Release: "b", Reason: "exited with code 2"},
		}, "upgrade 1s-2s error(exited with code 2)\n  handover 1s-2s error(exited with code 2)\n"},
		{"an upgrade that is refused", []admin.Event{live,
			{Kind: admin.Fetched, Release: "b", Trace: parent},
			{Kind: admin.Refused, Release: "b", Reason: "not on a Friday"},
		}, "upgrade 1s-2s error(not on a Friday) of 0af76519\n  wait 1s-2s\n"},
		{"a restart of an order", []admin.Event{live,
			{Kind: admin.RestartAsked, Trace: parent},
			{Kind: admin.Starting, Generation: 2},
			{Kind: admin.Live, Generation: 2, Release: "a"},
		}, "restart 1s-3s of 0af76519\n  wait 1s-2s\n  handover 2s-3s\n"},
		{"a restart that finds another release", []admin.Event{live,
			{Kind: admin.Starting, Generation: 2},
			{Kind: admin.Trial, Generation: 2, Release: "b"},
			{Kind: admin.Live, Generation: 2, Release: "b"},
		}, "upgrade 1s-3s\n  handover 1s-2s\n  trial 2s-3s\n"},
		{"a trace that is none", []admin.Event{live,
			{Kind: admin.Starting, Generation: 2, Trace: "00-zz"},
			{Kind: admin.Live, Generation: 2, Release: "a"},
		}, "restart 1s-2s\n  handover 1s-2s\n"},
		{"a clock that is put back", []admin.Event{live,
			{Kind: admin.Starting, Generation: 2, Time: time.Unix(100, 0)},
			{Kind: admin.Live, Generation: 2, Release: "a", Time: time.Unix(50, 0)},
		}, "restart 100s-100s\n  handover 100s-100s\n"},
		{"an end that is not told", []admin.Event{live,
			{Kind: admin.Starting, Generation: 2},
			{Kind: admin.Starting, Generation: 3},
			{Kind: admin.Live, Generation: 3},
		}, "restart 1s-2s\n  handover 1s-2s\nrestart 2s-3s\n  handover 2s-3s\n"},
		{"a start that is not told", []admin.Event{live,
			{Kind: admin.Trial, Generation: 2, Release: "b"},
			{Kind: admin.Committed, Release: "b"},
		}, "upgrade 1s-2s\n  trial 1s-2s\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := observe(t, row.events...); got != row.want {
				t.Errorf("got\n%swant\n%s", got, row.want)
			}
		})
	}
}

func TestAttributes(t *testing.T) {
	provider, kept := recorder(t)
	tracer := New(provider, Attributes(attribute.String("service", "app")))
	for i, e := range []admin.Event{
		{Kind: admin.Live, Generation: 1, Release: "a"},
		{Kind: admin.UpgradeAsked, Actor: "ann", Reason: "the fix"},
		{Kind: admin.Starting, Generation: 2, Release: "b", Version: "2.0"},
		{Kind: admin.Slow, Generation: 2, Reason: "it is slow"},
		{Kind: admin.Uncovered, Generation: 1, Reason: "of another one"},
		{Kind: admin.Failed, Generation: 2, Release: "b", Reason: "exited with code 2", Output: "panic: \xff" + strings.Repeat("x", 2*maxText)},
	} {
		e.Time = time.Unix(int64(i), 0)
		tracer.Observe(e)
	}
	spans := kept.GetSpans()
	root := spans[len(spans)-1]
	got := attribute.NewSet(root.Attributes...)
	want := attribute.NewSet(attribute.String("service", "app"), keyGeneration.Int(2), keyRelease.String("b"), keyVersion.String("2.0"),
		keyResult.String("failed"), keyCause.String("crash"), keyReason.String("exited with code 2"), keyActor.String("ann"))
	if !got.Equals(&want) {
		t.Errorf("the span has %v; want %v", root.Attributes, want.ToSlice())
	}
	var notes []string
	for _, e := range root.Events {
		notes = append(notes, e.Name)
	}
	if fmt.Sprint(notes) != "[slow failed]" {
		t.Errorf("events %v", notes)
	}
	for _, a := range root.Events[1].Attributes {
		if a.Key == keyOutput && (!strings.HasPrefix(a.Value.AsString(), "panic: \uFFFDx") || len(a.Value.AsString()) > maxText+2) {
			t.Errorf("output of %d bytes: %.20q", len(a.Value.AsString()), a.Value.AsString())
		}
	}
	for _, s := range spans {
		if set := attribute.NewSet(s.Attributes...); !set.HasValue("service") {
			t.Errorf("%s has no attribute of the option", s.Name)
		}
	}
}

// counting counts the spans that are open.
type counting struct{ open, most, begun int }

func (c *counting) OnStart(context.Context, sdktrace.ReadWriteSpan) {
	c.open++
	c.begun++
	c.most = max(c.most, c.open)
}

func (c *counting) OnEnd(s sdktrace.ReadOnlySpan) {
	c.open--
	if s.EndTime().Before(s.StartTime()) {
		panic(fmt.Sprintf("%s ends before it begins", s.Name()))
	}
}
func (c *counting) Shutdown(context.Context) error   { return nil }
func (c *counting) ForceFlush(context.Context) error { return nil }

// Whatever events come in whatever order, a handful of spans is open at most, and
// none after Close.
func TestRandomEventsLeakNothing(t *testing.T) {
	begun := 0
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		count := &counting{}
		tracer := New(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(count)))
		for range 300 {
			tracer.Observe(random(rnd))
			if len(tracer.under) > 1 {
				t.Fatalf("seed %d: %d ways are kept", seed, len(tracer.under))
			}
		}
		tracer.Close()
		tracer.Close()
		tracer.Observe(admin.Event{Kind: admin.Starting, Generation: 9})
		if count.open != 0 || count.most > 4 {
			t.Fatalf("seed %d: %d spans are open after Close, %d were at most", seed, count.open, count.most)
		}
		begun += count.begun
	}
	if begun == 0 {
		t.Error("no span has begun")
	}
}

func random(rnd *rand.Rand) admin.Event {
	kinds := admin.Kinds()
	return admin.Event{
		Time:       time.Unix(rnd.Int64N(1000), 0),
		Kind:       kinds[rnd.IntN(len(kinds))],
		Generation: rnd.IntN(4),
		Release:    []string{"", "a", "b", "c"}[rnd.IntN(4)],
		Trace:      []string{"", parent, "nonsense"}[rnd.IntN(3)],
	}
}

// A release that fails again and again has one bounded span each time.
func TestNotesAreBounded(t *testing.T) {
	provider, kept := recorder(t)
	tracer := New(provider)
	tracer.Observe(admin.Event{Kind: admin.Trial, Generation: 2, Release: "b"})
	for range 10 * maxNotes {
		tracer.Observe(admin.Event{Kind: admin.Unhealthy, Generation: 2, Release: "b"})
	}
	tracer.Close()
	spans := kept.GetSpans()
	if n := len(spans[len(spans)-1].Events); n != maxNotes {
		t.Errorf("%d events; want %d", n, maxNotes)
	}
}
