package cli

import (
	"bytes"
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s\ngo test -run %s -update writes it anew", name, got, want, t.Name())
	}
}

// A bench is a real server on a unix socket, over a master that runs nothing.
type bench struct {
	*admintest.Master
	t      *testing.T
	socket string
	env    Env
	stop   func() // ends the server; may be called twice
}

// patience bounds each wait of a test.
const patience = 60 * time.Second

func init() { askTimeout = patience } // a host may be slow

// shortDir is a directory whose path leaves room for the name of a socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cli")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{Master: admintest.New(), t: t, socket: filepath.Join(shortDir(t), "admin.sock")}
	b.stop = serve(t, b.socket, b.Master)
	b.env = Env{Program: "overseer", Socket: b.socket}
	return b
}

func serve(t *testing.T, socket string, m admin.Master) (stop func()) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, m)
}

func serveOn(t *testing.T, l net.Listener, m admin.Master) (stop func()) {
	t.Helper()
	s := admin.NewServer(m, admin.Options{})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l, admin.Access{Peer: true}) }()
	stop = sync.OnceFunc(func() {
		s.Close(patience)
		if err := <-done; err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// A ran is what a command line has led to.
type ran struct {
	code     int
	out, err string
}

// run carries out one command line.
func (b *bench) run(args ...string) ran {
	b.t.Helper()
	return runIn(b.t, b.env, args...)
}

func runIn(t *testing.T, e Env, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errs bytes.Buffer
	e.Stdout, e.Stderr = &out, &errs
	code := Main(ctx, e, args)
	if ctx.Err() != nil {
		t.Errorf("%q took longer than %v", args, patience)
	}
	return ran{code, out.String(), errs.String()}
}

// then has the master tell events as soon as it has told one of a kind.
func (b *bench) then(kind admin.Kind, events ...admin.Event) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	follower := b.Follow(0)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			e, err := follower.Next(ctx)
			if err != nil {
				return
			}
			if e.Kind == kind {
				break
			}
		}
		for _, e := range events {
			b.Emit(e)
		}
	})
	b.t.Cleanup(func() { cancel(); group.Wait() })
}

// A syncBuffer may be read while it is written. A reader waits for a text.
type syncBuffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{}
}

func newSyncBuffer() *syncBuffer { return &syncBuffer{changed: make(chan struct{}, 1)} }

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// await waits until a text fulfils a condition.
func (s *syncBuffer) await(t *testing.T, what string, ok func(string) bool) string {
	t.Helper()
	timeout := time.After(patience)
	for {
		if text := s.String(); ok(text) {
			return text
		}
		select {
		case <-s.changed:
		case <-timeout:
			t.Fatalf("no %s within %v in:\n%s", what, patience, s)
		}
	}
}

func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithTimeout(t.Context(), patience)
	t.Cleanup(stop)
	return ctx, stop
}
