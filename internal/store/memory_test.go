//go:build unix

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// recall returns what a store keeps under a name.
func recall(t *testing.T, s *Store, name string) (kept []byte) {
	t.Helper()
	must(t, s.Memory().Update(t.Context(), name, func(old []byte) ([]byte, error) {
		kept = old
		return old, nil
	}))
	return kept
}

func keep(s *Store, name, text string) error {
	return s.Memory().Update(context.Background(), name, func([]byte) ([]byte, error) { return []byte(text), nil })
}

func TestMemory(t *testing.T) {
	target := newTarget(t, v1)
	s := open(t, target)
	if got := recall(t, s, "manifest-app"); got != nil {
		t.Fatalf("before anything was kept: %q", got)
	}
	must(t, keep(s, "manifest-app", "7"))
	must(t, keep(s, "tuf", "root"))
	again := open(t, target)
	if got := recall(t, again, "manifest-app"); string(got) != "7" {
		t.Fatalf("another master recalls %q, want 7", got)
	}
	failure := errors.New("replayed")
	err := again.Memory().Update(t.Context(), "manifest-app", func([]byte) ([]byte, error) { return []byte("6"), failure })
	if !errors.Is(err, failure) || string(recall(t, again, "manifest-app")) != "7" {
		t.Fatalf("after a change that failed (%v): %q, want 7", err, recall(t, again, "manifest-app"))
	}
	for _, name := range []string{"", ".hidden", "../x", "a/b", "Upper", "a b", strings.Repeat("a", 65)} {
		if err := keep(s, name, "x"); err == nil {
			t.Errorf("name %q was taken", name)
		}
	}
}

// Nothing is written where nothing changes: an idle host's disk stays idle. Only
// the first master to rely on what is there flushes its names.
func TestMemoryWritesOnlyChanges(t *testing.T) {
	target := newTarget(t, v1)
	s := open(t, target)
	must(t, keep(s, "app", "7"))
	steps := 0
	watched := open(t, target, WithDisk(durable.Disk{Before: func(durable.Step) error { steps++; return nil }}))
	must(t, keep(watched, "app", "7"))
	if steps != 2 {
		t.Fatalf("%d steps for a memory of an earlier master; want its directory and that above flushed", steps)
	}
	steps = 0
	must(t, keep(watched, "app", "7"))
	if steps != 0 {
		t.Fatalf("%d steps for bytes that stayed the same", steps)
	}
}

func TestMemoryFailsWhole(t *testing.T) {
	target := newTarget(t, v1)
	must(t, keep(open(t, target), "app", "7"))
	for step := 0; ; step++ {
		n := 0
		s := open(t, target, WithDisk(durable.Disk{Before: func(durable.Step) error {
			if n++; n == step+1 {
				return errors.New("input/output error")
			}
			return nil
		}}))
		err := keep(s, "app", "8")
		got := string(recall(t, open(t, target), "app"))
		if err == nil {
			if got != "8" || step < 4 {
				t.Fatalf("step %d: kept %q without an error", step, got)
			}
			break
		}
		if got != "7" && got != "8" {
			t.Fatalf("step %d: %v left %q", step, err, got)
		}
		must(t, keep(open(t, target), "app", "7"))
	}
	rest, err := filepath.Glob(filepath.Join(open(t, target).Dir(), ".*"))
	if err != nil || len(rest) != 0 {
		t.Fatalf("left over: %v, %v", rest, err)
	}
}

func TestMemoryOfAnother(t *testing.T) {
	s := open(t, newTarget(t, v1))
	must(t, keep(s, "app", "7"))
	must(t, os.WriteFile(filepath.Join(s.Dir(), memoryPrefix+"app"), bytes.Repeat([]byte("x"), maxMemory+1), 0o600))
	if err := keep(s, "app", "8"); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Fatalf("endless memory: %v", err)
	}
}

// Masters that share the directory do not lose each other's change.
func TestMemoryIsShared(t *testing.T) {
	target := newTarget(t, v1)
	const masters, rounds = 8, 10
	var wg sync.WaitGroup
	for range masters {
		s := open(t, target)
		wg.Go(func() {
			for range rounds {
				err := s.Memory().Update(context.Background(), "count", func(old []byte) ([]byte, error) {
					n, _ := strconv.Atoi(string(old))
					return fmt.Append(nil, n+1), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := string(recall(t, open(t, target), "count")); got != strconv.Itoa(masters*rounds) {
		t.Fatalf("%s changes were kept, want %d", got, masters*rounds)
	}
}

// What a write leaves behind when it is cut off is swept.
func TestMemoryLeftoversAreSwept(t *testing.T) {
	s := open(t, newTarget(t, v1))
	must(t, keep(s, "app", "7"))
	left := durable.Temp(filepath.Join(s.Dir(), memoryPrefix+"app"))
	must(t, os.WriteFile(left, []byte("half"), 0o600))
	rec, err := s.Recover(t.Context())
	must(t, err)
	if len(rec.Removed) != 1 || rec.Removed[0] != left {
		t.Fatalf("swept %q, want %q", rec.Removed, left)
	}
}
