package tracing

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/fetcher"
)

// The name of a variable that makes the test binary a service, which traces itself.
const asService = "OVERSEER_TRACING_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asService); dir != "" {
		serveUnderMaster(dir)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func serveUnderMaster(dir string) {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(lines(filepath.Join(dir, "spans"))))
	overseer.Run(overseer.Config{
		Address:          "127.0.0.1:0",
		Fetcher:          &fetcher.File{Path: filepath.Join(dir, "next"), Interval: 50 * time.Millisecond, Settle: 50 * time.Millisecond},
		MinFetchInterval: 50 * time.Millisecond,
		Probation:        50 * time.Millisecond,
		OnEvent:          New(provider).Observe,
		Program: func(s overseer.State) {
			from := trace.SpanContextFromContext(FromEnv(context.Background()))
			lines(filepath.Join(dir, "spans")).write(fmt.Sprintf("program %d of %s", s.Generation, from.TraceID()))
			s.Serve(&http.Server{})
		},
	})
}

// lines is an exporter: each span is a line of a file.
type lines string

func (l lines) write(text string) {
	f, err := os.OpenFile(string(l), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text + "\n"); err != nil {
		panic(err)
	}
}

func (l lines) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		l.write(fmt.Sprintf("%s of %s %s", s.Name(), s.SpanContext().TraceID(), s.Status().Code))
	}
	return nil
}

func (l lines) Shutdown(context.Context) error { return nil }

// A real master traces itself, in the trace of who orders it about, and so does the
// program that it starts; also where it is replaced by the release that it traces.
func TestRealMaster(t *testing.T) {
	dir, err := os.MkdirTemp("", "t") // a short path: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	binary, next := filepath.Join(dir, "app"), filepath.Join(dir, "next")
	if err := os.WriteFile(binary, self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), asService+"="+dir, "GORACE=atexit_sleep_ms=0")
	var log strings.Builder
	cmd.Stderr = &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // and workers end with their master
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	spans := func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "spans")) // it is there with the first one
		return string(text)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("log of the service:\n%sspans:\n%s", log.String(), spans())
		}
	})
	told := func(line string) {
		t.Helper()
		until(t, func() bool { return strings.Contains(spans(), line+"\n") })
	}

	none := trace.TraceID{}.String()
	told("program 1 of " + none)
	until(t, func() bool { return strings.Contains(spans(), "overseer.start of ") })
	client := admin.Dial(filepath.Join(dir, ".app.overseer", "admin.sock"))
	if _, err := client.Restart(t.Context(), admin.Order{Trace: parent}); err != nil {
		t.Fatal(err)
	}
	const of = "0af7651916cd43dd8448eb211c80319c"
	told("program 2 of " + of)
	told("overseer.handover of " + of + " Unset")
	told("overseer.restart of " + of + " Unset")

	if err := os.WriteFile(next+".new", append(self, "another release"...), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next+".new", next); err != nil {
		t.Fatal(err)
	}
	told("program 3 of " + none) // nobody ordered it
	until(t, func() bool { return strings.Contains(spans(), "overseer.upgrade of ") })
	if !strings.Contains(spans(), "overseer.trial of ") {
		t.Error("the upgrade has no trial")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-ended
}
