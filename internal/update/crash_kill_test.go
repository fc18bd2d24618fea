//go:build unix

package update

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/seed-3d078585/overseer/internal/store"
)

// scenes are hosts before the release of each number.
func scenes(t *testing.T, s shape) map[int]host {
	t.Helper()
	shelf, dir := t.TempDir(), t.TempDir()
	must(t, newShelf(shelf, s.writeReal))
	h, err := newHost(dir, shelf, s)
	must(t, err)
	all := map[int]host{}
	for n := 2; n <= last; n++ {
		all[n] = h.copyTo(t, t.TempDir())
		r, _ := crash(t, h.task(n, 0))
		if r.Trouble != nil || r.Warnings != nil || r.Interrupted != nil {
			t.Fatalf("without a crash: %+v", r)
		}
		must(t, h.complete(n))
	}
	return all
}

// complete says what is missing after a release was taken all the way.
func (h host) complete(number int) error {
	v, err := h.view()
	if err != nil {
		return err
	}
	errs := []error{v.check(), remembers(number)(v)}
	if is, err := v.installed(); is.Number != h.after(number).Number {
		errs = append(errs, fmt.Errorf("installed is %d: %w", is.Number, err))
	}
	if is, err := v.previous(); is.Number != h.before(h.after(number).Number).Number {
		errs = append(errs, fmt.Errorf("previous is %d: %w", is.Number, err))
	}
	if h.editions[number].Bad {
		errs = append(errs, quarantines(h.editions[number])(v))
	}
	if len(v.trials) != 0 {
		errs = append(errs, fmt.Errorf("trials on record: %v", v.trials))
	}
	names, err := h.leftovers()
	if len(names) != 0 {
		errs = append(errs, fmt.Errorf("left behind: %q", names))
	}
	return errors.Join(append(errs, err)...)
}

// crashed says what is wrong after a kill in the way of a release, and what the
// next recovery has to find.
func (h host) crashed(t *testing.T, number int) (want []store.Interrupted, err error) {
	v, err := h.view()
	if err != nil {
		return nil, err
	}
	is, err := v.installed()
	errs := []error{v.check(), err, remembers(number - 1)(v)}
	if number == 2 { // before it there was nothing to remember
		errs = errs[:2]
	}
	if is.Number != h.before(number).Number && is.Number != h.after(number).Number {
		errs = append(errs, fmt.Errorf("installed is %d", is.Number))
	}
	if out, err := runs(t.Context(), h.target()); err != nil || out != says(is.Number) {
		errs = append(errs, fmt.Errorf("the program says %q, %v", out, err))
	}
	// A trial that had come to its verdict does not count as interrupted.
	e := h.editions[number]
	if on, before := v.tried(e); on && is.Number != number && quarantines(e)(v) != nil {
		want = append(want, store.Interrupted{Digest: e.Digest, Attempts: before + 1})
	}
	return want, errors.Join(errs...)
}

// recovered compares what a child has found with what was there.
func (r crashReport) recovered(want []store.Interrupted) error {
	var errs []error
	if !slices.Equal(r.Interrupted, want) {
		errs = append(errs, fmt.Errorf("it found interrupted %+v; want %+v", r.Interrupted, want))
	}
	for what, words := range map[string][]string{"warned": r.Warnings, "left": r.Leftovers, "had trouble": r.Trouble} {
		if words != nil {
			errs = append(errs, fmt.Errorf("it %s: %q", what, words))
		}
	}
	return errors.Join(errs...)
}

// Whichever step of a whole upgrade the master is killed at, the installed
// program is complete and runs, the next master knows what was tried and tidies
// up, and brings the upgrade to its end. And it may be killed in that, too.
func TestCrashKillAtEachStep(t *testing.T) { each(t, killAtEachStep) }

func killAtEachStep(t *testing.T, s shape) {
	var kills, pairs atomic.Int64
	t.Run("all", func(t *testing.T) {
		for number, scene := range scenes(t, s) {
			probe := scene.copyTo(t, t.TempDir())
			whole, _ := crash(t, probe.task(number, 0))
			random := rand.New(rand.NewPCG(1, uint64(number)))
			twice := random.Perm(len(whole.Steps))[:killedTwice(len(whole.Steps))]
			for k, step := range whole.Steps {
				if testing.Short() && k%3 != number%3 {
					continue
				}
				t.Run(fmt.Sprintf("release %d step %d %s", number, k+1, step), func(t *testing.T) {
					t.Parallel()
					h := scene.copyTo(t, t.TempDir())
					if _, killed := crash(t, h.task(number, k+1)); !killed {
						t.Fatal("the master was not killed")
					}
					kills.Add(1)
					want, err := h.crashed(t, number)
					must(t, err)
					if slices.Contains(twice, k) {
						pairs.Add(int64(killAgain(t, h, number)))
					}
					r, _ := crash(t, h.task(number, 0))
					must(t, errors.Join(r.recovered(want), h.complete(number)))
				})
			}
		}
	})
	t.Logf("%d kills, %d of a recovery after one", kills.Load(), pairs.Load())
}

// killAgain kills the recovery of a host at each of its steps, and returns how
// many these were.
func killAgain(t *testing.T, crashed host, number int) int {
	whole, _ := crash(t, crashed.copyTo(t, t.TempDir()).task(0, 0))
	for j := range whole.Recovery {
		h := crashed.copyTo(t, t.TempDir())
		if _, killed := crash(t, h.task(0, j+1)); !killed {
			t.Fatalf("the recovery was not killed at its step %d", j+1)
		}
		want, err := h.crashed(t, number)
		must(t, err)
		if len(want) > 0 && want[0].Attempts != 1 {
			t.Errorf("%d trials count as interrupted; there was one", want[0].Attempts)
		}
		r, _ := crash(t, h.task(0, 0))
		if err := r.recovered(want); err != nil {
			t.Errorf("its recovery was killed at step %d (%s), then: %v", j+1, whole.Steps[j], err)
		}
	}
	return whole.Recovery
}

// killedTwice is for how many first steps the recovery is killed too: some in a
// normal run, all with OVERSEER_TEST_ALL set.
func killedTwice(steps int) int {
	switch {
	case os.Getenv("OVERSEER_TEST_ALL") != "":
		return steps
	case testing.Short():
		return 1
	}
	return 3
}
