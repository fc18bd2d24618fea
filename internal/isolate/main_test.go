//go:build unix

package isolate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// The fetch processes of these tests are real ones: the test binary, executed
// again under the name of a child.

const childVariable = "TEST_FETCH_PROCESS"

// children are what a fetch process may be, registered beside the tests.
var children = map[string]func(in handover.Inherited) error{}

func registered(name string, serve func(in handover.Inherited) error) string {
	children[name] = serve
	return name
}

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		in, ok := handover.InheritFetch()
		if !ok {
			fmt.Fprintln(os.Stderr, "this is no fetch process")
			os.Exit(2)
		}
		Prepare(in)
		if err := children[name](in); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// A bench is a source with what it stands on.
type bench struct {
	*Source
	t     *testing.T
	store *store.Store
	log   *lines

	env    []string     // of the processes
	policy trust.Policy // of the master

	mu     sync.Mutex
	starts []*proc.Process
}

// newBench makes a source whose first process is the first of the names, and so
// on; the last one stays.
func newBench(t *testing.T, names ...string) *bench {
	t.Helper()
	b := &bench{t: t, log: &lines{}}
	target := filepath.Join(t.TempDir(), "app")
	must(t, os.WriteFile(target, []byte("the installed program"), 0o755))
	var err error
	b.store, err = store.Open(target, "")
	must(t, err)
	b.Source = NewSource(Config{
		Start: func() (*proc.Process, *handover.Conn, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			name := names[min(len(b.starts), len(names)-1)]
			p, conn, err := start(append(append(os.Environ(), b.env...), childVariable+"="+name))
			if err == nil {
				b.starts = append(b.starts, p)
			}
			return p, conn, err
		},
		Store: b.store,
		Ready: time.Minute, Silence: time.Minute,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	b.policy = b.Policy("test")
	t.Cleanup(func() {
		b.Close()
		for _, p := range b.processes() {
			select {
			case <-p.Done():
			default:
				t.Errorf("process %d outlives its source", p.PID)
				p.Kill()
			}
		}
	})
	return b
}

func (b *bench) processes() []*proc.Process {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]*proc.Process(nil), b.starts...)
}

// stage goes the way of an update, up to the disk.
func (b *bench) stage() (*store.Staged, error) {
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	body, err := b.FetchContext(ctx)
	if err != nil || body == nil {
		return nil, err
	}
	verified, err := trust.Check(ctx, b.policy, fetcher.Describe(body))
	if err != nil {
		return nil, err
	}
	st, err := b.store.Stage(ctx, verified, 4<<20)
	if err == nil {
		b.t.Cleanup(func() { st.Discard() })
		body.(fetcher.Receipt).Taken()
	}
	return st, err
}

// good stages what an honest process brings.
func (b *bench) good() {
	b.t.Helper()
	st, err := b.stage()
	if err != nil || st == nil {
		b.t.Fatalf("the honest process: %v, %v; log:\n%s", st, err, b.log)
	}
	if st.Digest() != honest {
		b.t.Fatalf("staged %s, want %s", st.Digest(), honest)
	}
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var honest = release.Digest(sha256.Sum256(program))
