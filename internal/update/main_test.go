//go:build unix

package update

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/trust"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A source does what its fields say.
type source struct {
	init  func() error
	fetch func(ctx context.Context) (io.Reader, error)
}

func (s source) Init() error {
	if s.init != nil {
		return s.init()
	}
	return nil
}

func (s source) Fetch() (io.Reader, error) { return nil, errors.New("FetchContext was not called") }

func (s source) FetchContext(ctx context.Context) (io.Reader, error) { return s.fetch(ctx) }

// bare is a source without FetchContext.
type bare struct{ fetch func() (io.Reader, error) }

func (bare) Init() error                 { return nil }
func (s bare) Fetch() (io.Reader, error) { return s.fetch() }

// A body is a release that counts what the consumer does with it.
type body struct {
	*strings.Reader
	taken, closed int
}

func newBody(content string) *body { return &body{Reader: strings.NewReader(content)} }

func (b *body) Taken()       { b.taken++ }
func (b *body) Close() error { b.closed++; return nil }

// logged is what was logged, a line for each record.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }
func (l *logged) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logged) WithGroup(string) slog.Handler            { return l }
func (l *logged) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool { line += fmt.Sprintf(" %s=%v", a.Key, a.Value); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// count counts the lines that have all of some words.
func (l *logged) count(words ...string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for _, line := range l.lines {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		n++
	}
	return n
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// A bench is an Updater with everything around it.
type bench struct {
	*Updater
	dir     string
	log     *logged
	offered chan *store.Staged
}

const installed = "the installed program"

func newBench(t *testing.T, fetch func(ctx context.Context) (io.Reader, error)) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), log: &logged{}, offered: make(chan *store.Staged, 100)}
	target := filepath.Join(b.dir, "app")
	must(t, os.WriteFile(target, []byte(installed), 0o755))
	s, err := store.Open(target, "")
	must(t, err)
	b.Updater = &Updater{
		Source:        source{fetch: fetch},
		Policy:        trust.Insecure(),
		Store:         s,
		Interval:      time.Second,
		Preflight:     func(context.Context, *store.Staged) error { return nil },
		Offer:         func(st *store.Staged) { b.offered <- st },
		QuarantineFor: time.Hour,
		Log:           slog.New(b.log),
	}
	return b
}

// run runs the Updater for some time of a bubble, and returns what it offered.
// Its end falls between two fetches.
func (b *bench) run(t *testing.T, d time.Duration) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d+b.Interval/3)
	defer cancel()
	b.Updater.Run(ctx)
	return b.contents(t)
}

func (b *bench) contents(t *testing.T) (contents []string) {
	t.Helper()
	for {
		select {
		case st := <-b.offered:
			text, err := io.ReadAll(io.NewSectionReader(st.File(), 0, st.Size()))
			must(t, err)
			contents = append(contents, string(text))
			must(t, st.Discard())
		default:
			return contents
		}
	}
}

// leftovers lists what is left of candidates on the disk.
func (b *bench) leftovers(t *testing.T) (names []string) {
	t.Helper()
	must(t, filepath.WalkDir(b.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "app" && d.Name() != "lock" && !strings.HasSuffix(d.Name(), ".json") {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// then returns one answer after another, and nothing at the end.
func then(answers ...any) (fetch func(context.Context) (io.Reader, error), times *[]time.Time) {
	times = new([]time.Time)
	return func(context.Context) (io.Reader, error) {
		*times = append(*times, time.Now())
		if len(answers) == 0 {
			return nil, nil
		}
		a := answers[0]
		answers = answers[1:]
		switch a := a.(type) {
		case error:
			return nil, a
		case string:
			return bytes.NewReader([]byte(a)), nil
		case io.Reader:
			return a, nil
		}
		return nil, nil
	}, times
}
