package tracing

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

func serve(t *testing.T, path string, m admin.Master) (stop func()) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := admin.NewServer(m, admin.Options{})
	served := make(chan error, 1)
	go func() { served <- s.Serve(l, admin.Access{Peer: true}) }()
	return func() {
		s.Close(10 * time.Second)
		if err := <-served; err != nil {
			t.Errorf("the server of the API: %v", err)
		}
	}
}

// Another process follows a master over its socket, also while that is replaced in
// the middle of an upgrade.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	m := admintest.New()
	m.Emit(admin.Event{Kind: admin.Starting, Generation: 1, Time: time.Unix(0, 0)}) // of before
	stop := serve(t, path, m)
	provider, kept := recorder(t)
	tracer := New(provider)
	defer tracer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Follow(ctx, admin.Dial(path), tracer) }()
	until(t, func() bool { return m.Calls("Follow") > 0 })

	tell := func(second int64, e admin.Event) {
		e.Time = time.Unix(second, 0)
		m.Emit(e)
	}
	tell(1, admin.Event{Kind: admin.Fetched, Release: "b", Trace: parent})
	tell(2, admin.Event{Kind: admin.Starting, Generation: 2, Release: "b"})
	stop()
	tell(3, admin.Event{Kind: admin.Trial, Generation: 2, Release: "b"})
	stop = serve(t, path, m)
	defer func() { stop() }()
	tell(5, admin.Event{Kind: admin.Committed, Generation: 2, Release: "b"})
	until(t, func() bool { return len(kept.GetSpans()) == 4 })
	if got, want := draw(kept.GetSpans()), "upgrade 1s-5s of 0af76519\n  wait 1s-2s\n  handover 2s-3s\n  trial 3s-5s\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("Follow = %v", err)
	}
}

// until polls for what has no event of its own.
func until(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it has not come to it within a minute")
		}
	}
}

func TestFromEnv(t *testing.T) {
	for _, row := range []struct{ name, parent, state, want string }{
		{"an order", parent, "a=b", "b7ad6b7169203331"},
		{"none", "", "", "0000000000000000"},
		{"no traceparent", "something", "", "0000000000000000"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv("TRACEPARENT", row.parent)
			t.Setenv("TRACESTATE", row.state)
			got := trace.SpanContextFromContext(FromEnv(t.Context()))
			if got.SpanID().String() != row.want || got.TraceState().String() != row.state {
				t.Errorf("span %s, state %q; want %s, %q", got.SpanID(), got.TraceState(), row.want, row.state)
			}
		})
	}
}
