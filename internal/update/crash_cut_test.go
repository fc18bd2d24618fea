//go:build unix

package update

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
)

// A watched life is followed by a journal, and its promises are held against
// every state that a power cut may leave.
type watched struct {
	*life
	journal *durabletest.Journal

	mu  sync.Mutex
	all []*promise
}

// A promise holds at the moments from one on, until another or for ever.
type promise struct {
	what     string
	kept     func(*view) error
	from, to int
}

const forEver = 1 << 30

func (w *watched) promise(what string, kept func(*view) error) (over func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &promise{what: what, kept: kept, from: w.journal.Now(), to: forEver}
	w.all = append(w.all, p)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		p.to = w.journal.Now()
	}
}

func watch(h host, j *durabletest.Journal) (*watched, error) {
	l, err := newLife(h, j.Disk())
	if err != nil {
		return nil, err
	}
	w := &watched{life: l, journal: j}
	l.promises = w
	return w, nil
}

// broken returns what some power cut would leave that must not be, up to a few.
// also is called with each state.
func (w *watched) broken(also func(durabletest.Cut)) (faults []error) {
	for c := range w.journal.Cuts() {
		v, err := w.viewOf(c)
		errs := []error{err, v.check()}
		for _, p := range w.all {
			if p.from <= c.Moment && c.Moment <= p.to {
				if err := p.kept(v); err != nil {
					errs = append(errs, fmt.Errorf("%s, but %w", p.what, err))
				}
			}
		}
		if err := errors.Join(errs...); err != nil {
			faults = append(faults, fmt.Errorf("a power cut at moment %d, after %q, leaves %q: %w", c.Moment, c.After, shown(c), err))
			if len(faults) == 3 {
				return faults
			}
		}
		also(c)
	}
	return faults
}

// shown is a state in words.
func shown(c durabletest.Cut) (files []string) {
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		if f := c.Files[name]; !f.Mode.IsDir() && !isHalf(name) {
			text := f.Data
			if i := strings.Index(text, "echo "); i >= 0 {
				text = strings.ReplaceAll(text[i+5:], "\n", " ")
			}
			files = append(files, fmt.Sprintf("%s=%.60s", durabletest.CutRandom(name), times.ReplaceAllString(text, "")))
		}
	}
	return files
}

// times are what differs from run to run in a record.
var times = regexp.MustCompile(`\s*"(started|since|until|image|start|pid|boot|namespace|staged)": ("[^"]*"|\d+),?`)

// small hosts have scripts.
func newSmallHost(t *testing.T, s shape) host {
	t.Helper()
	shelf := t.TempDir()
	must(t, newShelf(shelf, s.write))
	h, err := newHost(t.TempDir(), shelf, s)
	must(t, err)
	return h
}

// at is the same host in an empty directory.
func (h host) at(dir string) (host, error) {
	h.dir = dir
	return h, os.Mkdir(h.root(), 0o755)
}

// inherit edits records so that they are another process's, and those of the
// other place.
func (h host) inherit(from host) func(string) string {
	return func(text string) string {
		return image.ReplaceAllString(strings.ReplaceAll(text, from.root(), h.root()), `"image": "before"`)
	}
}

var image = regexp.MustCompile(`"image": "[^"]*"`)

// A whole life: the moments at which the way of each release begins.
func wholeLife(t *testing.T, s shape) (w *watched, begins map[int]int) {
	t.Helper()
	h := newSmallHost(t, s)
	j, err := durabletest.NewJournal(h.root(), nil)
	must(t, err)
	j.Ignore(isHalf)
	w, err = watch(h, j)
	must(t, err)
	w.trouble = func(err error) { t.Errorf("without a crash: %v", err) }
	begins = map[int]int{}
	for n := 2; n <= last; n++ {
		begins[n] = j.Now()
		must(t, w.upgrade(t.Context(), n))
		must(t, h.complete(n))
	}
	must(t, j.End())
	return w, begins
}

func number(begins map[int]int, moment int) int {
	n := 2
	for n < last && begins[n+1] <= moment {
		n++
	}
	return n
}

// A power cut at any moment, with any part lost of what was not flushed, leaves
// what every promise allows; and what it leaves is recovered from and upgraded.
func TestCrashPowerCutAtEachMoment(t *testing.T) { each(t, powerCutAtEachMoment) }

func powerCutAtEachMoment(t *testing.T, s shape) {
	w, begins := wholeLife(t, s)
	if names := w.journal.Unannounced(); !slices.Equal(names, []string{"+lock", "-" + s.discarded(w.editions[last])}) {
		t.Errorf("changed without a step: %q; want the lock made and the bad candidate discarded", names)
	}
	states := map[string]durabletest.Cut{}
	cuts := 0
	for _, err := range w.broken(func(c durabletest.Cut) {
		cuts++
		states[fmt.Sprint(number(begins, c.Moment), shown(c))] = c
	}) {
		t.Error(err)
	}
	t.Run("all", func(t *testing.T) {
		for key, c := range states {
			t.Run(fmt.Sprintf("moment %d", c.Moment), func(t *testing.T) {
				t.Parallel()
				if err := restarts(t, w.host, c, number(begins, c.Moment)); err != nil {
					t.Errorf("after %q, with %s: %v", c.After, key, err)
				}
			})
		}
	})
	t.Logf("%d steps, %d states, %d of them different", len(w.journal.Lines())-1, cuts, len(states))
}

// restarts starts a master on what a power cut has left.
func restarts(t *testing.T, from host, c durabletest.Cut, number int) error {
	h, err := from.at(t.TempDir())
	if err != nil {
		return err
	}
	inherit := h.inherit(from)
	files := maps.Clone(c.Files)
	for name, f := range files {
		f.Data = inherit(f.Data)
		files[name] = f
	}
	c.Files = files
	if err := c.Lay(h.root()); err != nil {
		return err
	}
	want, err := h.crashed(t, number)
	if err != nil {
		return err
	}
	trace := &durabletest.Trace{Dir: h.root()}
	l, err := newLife(h, trace.Disk())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := l.report(ctx, trace, number)
	return errors.Join(err, r.recovered(want), h.complete(number))
}

// The power may be cut on the next master, too, that goes on with what a killed
// one has not flushed.
func TestCrashPowerCutAfterAKill(t *testing.T) { each(t, powerCutAfterAKill) }

func powerCutAfterAKill(t *testing.T, s shape) {
	w, begins := wholeLife(t, s)
	var cuts, steps atomic.Int64
	t.Run("all", func(t *testing.T) {
		for moment, step := range w.journal.Lines() {
			t.Run(fmt.Sprintf("moment %d %s", moment, step), func(t *testing.T) {
				t.Parallel()
				next, err := w.resume(t, moment, nil)
				must(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err = next.store.Recover(ctx)
				must(t, err)
				must(t, next.upgrade(ctx, number(begins, moment)))
				must(t, next.journal.End())
				must(t, next.complete(number(begins, moment)))
				for _, err := range next.broken(func(durabletest.Cut) { cuts.Add(1) }) {
					t.Error(err)
				}
				steps.Add(int64(len(next.journal.Lines()) - 1))
			})
		}
	})
	t.Logf("%d kills, %d steps after them, %d states", len(w.journal.Lines()), steps.Load(), cuts.Load())
}

// resume is the life after a kill. What was promised before is so still; but a
// trial has ended.
func (w *watched) resume(t *testing.T, moment int, fault durabletest.Fault) (*watched, error) {
	h, err := w.at(t.TempDir())
	if err != nil {
		return nil, err
	}
	j, err := w.journal.Resume(moment, h.root(), fault, h.inherit(w.host))
	if err != nil {
		return nil, err
	}
	next, err := watch(h, j)
	for _, p := range w.all {
		if p.from <= moment && p.to == forEver {
			next.all = append(next.all, &promise{what: p.what + " before the kill", kept: p.kept, to: forEver})
		}
	}
	return next, err
}
