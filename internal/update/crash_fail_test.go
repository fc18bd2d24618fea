//go:build unix

package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
	"github.com/seed-3d078585/overseer/internal/store"
)

// A sickness is a disk that fails from a step on, for that step alone or until
// it has failed an upgrade three times.
type sickness struct {
	err     error
	lasting bool

	mu       sync.Mutex
	troubles []error
	well     bool
}

func (s *sickness) String() string {
	if s.lasting {
		return fmt.Sprintf("%v for a while", s.err)
	}
	return fmt.Sprintf("%v once", s.err)
}

func (s *sickness) fault(n int) durabletest.Fault {
	if s.lasting {
		return durabletest.From(n, s.err, s.over)
	}
	return durabletest.Once(n, s.err)
}

func (s *sickness) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.well
}

func (s *sickness) trouble(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles = append(s.troubles, err)
	s.well = s.well || len(s.troubles) >= 3
}

// told says which words an operator misses.
func (s *sickness) told() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, err := range s.troubles {
		switch {
		case !errors.Is(err, s.err):
			errs = append(errs, fmt.Errorf("the cause is not told: %w", err))
		case s.err == syscall.ENOSPC && (!errors.Is(err, store.ErrNoSpace) || !strings.Contains(err.Error(), "free some there")):
			errs = append(errs, fmt.Errorf("the remedy is not told: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Whichever step of a whole upgrade the disk fails at, once or for a while, the
// running program is not touched, the upgrade is tried again and comes through
// when the disk is well, and what is promised meanwhile outlives a power cut.
func TestCrashDiskFailsAtEachStep(t *testing.T) { each(t, diskFailsAtEachStep) }

func diskFailsAtEachStep(t *testing.T, shape shape) {
	w, begins := wholeLife(t, shape)
	var runs, cuts, told atomic.Int64
	t.Run("all", func(t *testing.T) {
		for number := 2; number <= last; number++ {
			for _, s := range sicknesses(shape, number) {
				t.Run(fmt.Sprintf("release %d %v", number, s), func(t *testing.T) {
					t.Parallel()
					for step := 1; ; step++ {
						s := &sickness{err: s.err, lasting: s.lasting}
						next, err := w.resume(t, begins[number], s.fault(step))
						must(t, err)
						if err := next.ail(t, number, s); err != nil {
							t.Errorf("step %d (%s): %v", step, next.journal.Lines()[min(step, next.journal.Now())], err)
						}
						for _, err := range next.broken(func(durabletest.Cut) { cuts.Add(1) }) {
							t.Errorf("step %d (%s): %v", step, next.journal.Lines()[step], err)
						}
						if next.journal.Now() < step {
							break
						}
						runs.Add(1)
						told.Add(int64(len(s.troubles)))
					}
				})
			}
		}
	})
	t.Logf("%d runs, %d failures told, %d states", runs.Load(), told.Load(), cuts.Load())
}

// sicknesses are those of a normal run, fewer in a short one, one of the two for
// each release of a tree, which has more steps, and all with OVERSEER_TEST_ALL
// set.
func sicknesses(s shape, number int) []*sickness {
	all := []*sickness{
		{err: syscall.EIO},
		{err: syscall.ENOSPC, lasting: true},
		{err: syscall.ENOSPC},
		{err: syscall.EIO, lasting: true},
	}
	switch {
	case os.Getenv("OVERSEER_TEST_ALL") != "":
		return all
	case s.name() == "tree":
		return all[number%2 : number%2+1]
	case testing.Short():
		return all[:2]
	}
	return all[:3]
}

// ail takes a release all the way on a disk that is sick, and then starts the
// next master, on one that is well.
func (w *watched) ail(t *testing.T, number int, s *sickness) error {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	path, want := w.shape.runs(w.host, w.before(number))
	running, err := os.Open(path)
	if err != nil {
		return err
	}
	defer running.Close()
	w.trouble = s.trouble
	err = errors.Join(w.upgrade(ctx, number), s.told(), w.journal.End())
	if err != nil {
		return err
	}
	if names, err := w.leftovers(); err != nil || len(names) != 0 && !w.left {
		return fmt.Errorf("left behind: %q, %w", names, err)
	}
	text, err := io.ReadAll(running)
	if err != nil || string(text) != want {
		return fmt.Errorf("the running program was written to: %.60q, %w", text, err)
	}
	if err := w.reborn(); err != nil {
		return err
	}
	trace := &durabletest.Trace{Dir: w.root()}
	l, err := newLife(w.host, trace.Disk())
	if err != nil {
		return err
	}
	r, err := l.report(ctx, trace, number)
	return errors.Join(err, r.recovered(nil), w.complete(number))
}

// reborn makes the records those of a master that has ended.
func (h host) reborn() error {
	path := h.state() + "/trials.json"
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return durable.Disk{}.WriteFile(path, []byte(h.inherit(h)(string(text))), 0o600)
}
