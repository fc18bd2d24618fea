//go:build unix

package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

func TestOffers(t *testing.T) {
	for _, row := range []struct {
		name    string
		answers []any
		want    []string
	}{
		{"nothing new", nil, nil},
		{"one", []any{"v2"}, []string{"v2"}},
		{"one after nothing", []any{nil, nil, "v2"}, []string{"v2"}},
		{"two", []any{"v2", "v3"}, []string{"v2", "v3"}},
		{"a typed nil", []any{(*os.File)(nil), (*body)(nil), "v2"}, []string{"v2"}},
		{"what is installed", []any{installed, "v2", installed}, []string{"v2"}},
		{"one after a failure", []any{errors.New("server down"), "v2"}, []string{"v2"}},
		{"one after an empty one", []any{"", "v2"}, []string{"v2"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			fetch, _ := then(row.answers...)
			b := newBench(t, fetch)
			synctest.Test(t, func(t *testing.T) {
				if got := b.run(t, time.Minute); !slices.Equal(got, row.want) {
					t.Fatalf("offered %q; want %q\n%s", got, row.want, b.log)
				}
			})
			if left := b.leftovers(t); len(left) != 0 {
				t.Fatalf("left behind: %q", left)
			}
		})
	}
}

func TestASourceWithoutContext(t *testing.T) {
	given := false
	b := newBench(t, nil)
	b.Source = bare{fetch: func() (io.Reader, error) {
		if given {
			return nil, nil
		}
		given = true
		return strings.NewReader("v2"), nil
	}}
	synctest.Test(t, func(t *testing.T) {
		if got := b.run(t, 10*time.Second); !slices.Equal(got, []string{"v2"}) {
			t.Fatalf("offered %q; want v2", got)
		}
	})
}

func TestPace(t *testing.T) {
	down := errors.New("server down")
	for _, row := range []struct {
		name     string
		interval time.Duration
		answers  []any
		want     []time.Duration // between fetches, at least; at most half as much again
	}{
		{"steady", time.Second, nil, []time.Duration{time.Second, time.Second, time.Second}},
		{"failures", time.Second, []any{down, down, down, down, nil}, []time.Duration{time.Second, 1800 * time.Millisecond, 3600 * time.Millisecond, 7200 * time.Millisecond, time.Second}},
		{"a failure, then well again", time.Second, []any{down, down, nil, down}, []time.Duration{time.Second, 1800 * time.Millisecond, time.Second, time.Second, time.Second}},
		{"left alone", time.Second, []any{&fetcher.RetryAfterError{After: time.Minute, Err: down}, nil}, []time.Duration{time.Minute, time.Second}},
		{"left alone for less", 10 * time.Second, []any{fmt.Errorf("wrapped: %w", &fetcher.RetryAfterError{After: time.Second, Err: down}), nil}, []time.Duration{10 * time.Second, 10 * time.Second}},
		{"an interval above the slowest", time.Hour, []any{down, down, down}, []time.Duration{time.Hour, time.Hour, time.Hour}},
	} {
		t.Run(row.name, func(t *testing.T) {
			fetch, times := then(row.answers...)
			b := newBench(t, fetch)
			b.Interval = row.interval
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				b.run(t, max(3*time.Minute, 5*row.interval))
				if !(*times)[0].Equal(began) {
					t.Errorf("the first fetch came after %v; want at once", (*times)[0].Sub(began))
				}
				for i, want := range row.want {
					got := (*times)[i+1].Sub((*times)[i])
					if got < want || got > want*3/2 {
						t.Errorf("wait %d is %v; want about %v", i, got, want)
					}
				}
			})
		})
	}
}

func TestFailuresStopGrowing(t *testing.T) {
	down := errors.New("server down")
	var times []time.Time
	b := newBench(t, func(context.Context) (io.Reader, error) { times = append(times, time.Now()); return nil, down })
	synctest.Test(t, func(t *testing.T) {
		b.run(t, 12*time.Hour)
		last := times[len(times)-1].Sub(times[len(times)-2])
		if last < slowest*9/10 || last > slowest*11/10 {
			t.Fatalf("the last wait is %v; want about %v", last, slowest)
		}
	})
	if n := b.log.count("WARN", "server down"); n != 1 {
		t.Fatalf("the cause is logged %d times; want once\n%s", n, b.log)
	}
}

func TestEachCauseIsLoggedOnce(t *testing.T) {
	one, two := errors.New("cause one"), errors.New("cause two")
	name := func(s string) error { return fmt.Errorf("write %q: disk full", "/x/.app-"+s) }
	fetch, _ := then(one, one, one, two, two, nil, one,
		name("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), name("ZYXWVUTSRQPONMLKJIHGFEDCBA"))
	b := newBench(t, fetch)
	synctest.Test(t, func(t *testing.T) { b.run(t, 5*time.Minute) })
	for _, row := range []struct {
		words []string
		want  int
	}{
		{[]string{"WARN", "cause one"}, 2}, // again after it was well
		{[]string{"WARN", "cause two"}, 1},
		{[]string{"WARN", "disk full"}, 1},
		{[]string{"INFO", "works again"}, 2},
	} {
		if got := b.log.count(row.words...); got != row.want {
			t.Errorf("%q is logged %d times; want %d\n%s", row.words, got, row.want, b.log)
		}
	}
}

func TestForeignCodeThatPanics(t *testing.T) {
	boom := func() { panic("boom") }
	for _, row := range []struct {
		name string
		set  func(*bench)
		want string
	}{
		{"Init", func(b *bench) {
			b.Source = source{init: func() error { boom(); return nil }}
		}, "Fetcher.Init panicked: boom"},
		{"Fetch", func(b *bench) {
			b.Source = source{fetch: func(context.Context) (io.Reader, error) { boom(); return nil, nil }}
		}, "Fetch panicked: boom"},
		{"Read", func(b *bench) { b.Source = sourceOf(wild{read: boom}) }, "panicked: boom"},
		{"Candidate", func(b *bench) { b.Source = sourceOf(wild{candidate: boom}) }, "panicked: boom"},
		{"Taken", func(b *bench) { b.Source = sourceOf(wild{taken: boom}) }, "Taken panicked: boom"},
		{"Close", func(b *bench) {
			b.Policy = policy(func() error { return errors.New("refused") })
			b.Source = sourceOf(wild{close: boom})
		}, "panicked: boom"},
		{"Vouch", func(b *bench) {
			b.Policy = policy(func() error { boom(); return nil })
			b.Source = sourceOf(wild{})
		}, "panicked: boom"},
		{"PreUpgrade", func(b *bench) {
			b.PreUpgrade = func(string) error { boom(); return nil }
			b.Source = sourceOf(wild{})
		}, "PreUpgrade panicked: boom"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, nil)
			row.set(b)
			synctest.Test(t, func(t *testing.T) { b.run(t, 10*time.Second) })
			if b.log.count(row.want) == 0 {
				t.Fatalf("not logged: %q\n%s", row.want, b.log)
			}
			if left := b.leftovers(t); len(left) != 0 {
				t.Fatalf("left behind: %q", left)
			}
		})
	}
}

func sourceOf(w wild) fetcher.Interface {
	return source{fetch: func(context.Context) (io.Reader, error) { w := w; return &w, nil }}
}

// wild is a body whose methods may do anything.
type wild struct {
	read, candidate, taken, close func()
	ended                         bool
}

func (*wild) do(f func()) {
	if f != nil {
		f()
	}
}

func (w *wild) Read(p []byte) (int, error) {
	w.do(w.read)
	if w.ended {
		return 0, io.EOF
	}
	w.ended = true
	return copy(p, "v2"), nil
}

func (w *wild) Candidate() release.Candidate {
	w.do(w.candidate)
	return release.Candidate{Source: "wild"}
}
func (w *wild) Taken()       { w.do(w.taken) }
func (w *wild) Close() error { w.do(w.close); return nil }

type policy func() error

func (policy) Name() string { return "test" }
func (p policy) Vouch(context.Context, release.Candidate) (trust.Grant, error) {
	return trust.Grant{}, p()
}

// What blocks for ever holds up nothing but itself: the time of a bubble stands
// still for a Run that waits for it.
func TestForeignCodeThatBlocks(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*bench, func())
	}{
		{"Init", func(b *bench, block func()) {
			b.Source = source{init: func() error { block(); return nil }}
		}},
		{"Fetch", func(b *bench, block func()) {
			b.Source = source{fetch: func(context.Context) (io.Reader, error) { block(); return nil, nil }}
		}},
		{"Fetch without context", func(b *bench, block func()) {
			b.Source = bare{fetch: func() (io.Reader, error) { block(); return nil, nil }}
		}},
		{"Read", func(b *bench, block func()) { b.Source = sourceOf(wild{read: block}) }},
		{"Taken", func(b *bench, block func()) { b.Source = sourceOf(wild{taken: block}) }},
		{"Vouch", func(b *bench, block func()) {
			b.Policy = policy(func() error { block(); return nil })
			b.Source = sourceOf(wild{})
		}},
		{"PreUpgrade", func(b *bench, block func()) {
			b.PreUpgrade = func(string) error { block(); return nil }
			b.Source = sourceOf(wild{})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t, nil)
			synctest.Test(t, func(t *testing.T) {
				free := make(chan struct{})
				defer close(free)
				row.set(b, func() { <-free })
				began := time.Now()
				b.run(t, time.Minute)
				if took := time.Since(began); took > time.Minute+time.Second {
					t.Fatalf("Run ended %v after it was told to", took-time.Minute)
				}
			})
		})
	}
}

func TestPreUpgradeIsAskedAgain(t *testing.T) {
	fetch, _ := then(newBody("v2"))
	b := newBench(t, fetch)
	b.Interval = 6 * time.Hour // the asking has a pace of its own
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var asked []time.Duration
		b.PreUpgrade = func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil || string(text) != "v2" {
				t.Errorf("PreUpgrade is shown %q, %v; want the staged file", text, err)
			}
			asked = append(asked, time.Since(began))
			if len(asked) < 9 {
				return errors.New("not now")
			}
			return nil
		}
		got := b.run(t, 24*time.Hour)
		want := []time.Duration{0, 1, 3, 7, 15, 31, 63, 123, 183}
		for i := range want {
			want[i] *= time.Minute
		}
		if !slices.Equal(asked, want) || !slices.Equal(got, []string{"v2"}) {
			t.Fatalf("asked after %v, offered %q; want %v, v2", asked, got, want)
		}
	})
	if n := b.log.count("PreUpgrade refused", "not now"); n != 8 {
		t.Fatalf("logged %d times; want 8\n%s", n, b.log)
	}
}

func TestAnotherReleaseTakesThePlaceOfARefusedOne(t *testing.T) {
	fetch, _ := then(nil, "v2", "v2", "v3", "v4")
	b := newBench(t, fetch)
	var asked []string
	b.PreUpgrade = func(path string) error {
		text, err := os.ReadFile(path)
		asked = append(asked, string(text))
		if string(text) == "v4" {
			return err
		}
		return errors.New("not now")
	}
	synctest.Test(t, func(t *testing.T) {
		if got := b.run(t, 30*time.Second); !slices.Equal(got, []string{"v4"}) {
			t.Fatalf("offered %q; want v4", got)
		}
	})
	if want := []string{"v2", "v3", "v4"}; !slices.Equal(asked, want) { // v2 once: the same bytes wait already
		t.Fatalf("asked about %q; want %q", asked, want)
	}
	if left := b.leftovers(t); len(left) != 0 {
		t.Fatalf("left behind: %q", left)
	}
}

func TestRunLeavesNothingRefusedBehind(t *testing.T) {
	fetch, _ := then("v2")
	b := newBench(t, fetch)
	b.PreUpgrade = func(string) error { return errors.New("never") }
	synctest.Test(t, func(t *testing.T) { b.run(t, 30*time.Second) })
	if left := b.leftovers(t); len(left) != 0 {
		t.Fatalf("left behind: %q", left)
	}
}

// Taken is called when the bytes are dealt with, and not when it was the host's
// fault that they are not.
func TestTaken(t *testing.T) {
	unfit := errors.New("built for another machine")
	for _, row := range []struct {
		name        string
		content     string
		prepare     func(*testing.T, *bench)
		taken       int
		offered     []string
		quarantined bool
	}{
		{name: "offered", content: "v2", taken: 1, offered: []string{"v2"}},
		{name: "installed already", content: installed, taken: 1},
		{name: "quarantined", content: "v2", taken: 1, quarantined: true, prepare: func(t *testing.T, b *bench) {
			must(t, b.Store.Quarantine(digest("v2"), "it crashed", time.Time{}))
		}},
		{name: "fails its preflight", content: "v2", taken: 1, quarantined: true, prepare: func(_ *testing.T, b *bench) {
			b.Preflight = func(context.Context, *store.Staged) error { return unfit }
		}},
		{name: "the host cannot tell", content: "v2", taken: 0, prepare: func(_ *testing.T, b *bench) {
			b.Preflight = func(context.Context, *store.Staged) error { return fmt.Errorf("%w: no memory", ErrTemporary) }
		}},
		{name: "refused by the policy", content: "v2", taken: 0, prepare: func(_ *testing.T, b *bench) {
			b.Policy = policy(func() error { return errors.New("wrong key") })
		}},
		{name: "refused by PreUpgrade", content: "v2", taken: 1, prepare: func(_ *testing.T, b *bench) {
			b.PreUpgrade = func(string) error { return errors.New("not now") }
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newBody(row.content)
			fetch, _ := then(r)
			b := newBench(t, fetch)
			if row.prepare != nil {
				row.prepare(t, b)
			}
			synctest.Test(t, func(t *testing.T) {
				if got := b.run(t, 10*time.Second); !slices.Equal(got, row.offered) {
					t.Errorf("offered %q; want %q", got, row.offered)
				}
			})
			if r.taken != row.taken || r.closed == 0 {
				t.Errorf("taken %d times, closed %d times; want taken %d times, and closed\n%s", r.taken, r.closed, row.taken, b.log)
			}
			if left := b.leftovers(t); len(left) != 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestQuarantineAfterPreflight(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want bool
	}{
		{"the program's fault", errors.New("built for another machine"), true},
		{"the host's fault", fmt.Errorf("%w: no memory", ErrTemporary), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			fetch, _ := then("v2", "v2", "v2")
			b := newBench(t, fetch)
			runs := 0
			b.Preflight = func(context.Context, *store.Staged) error { runs++; return row.err }
			b.QuarantineFor = 24 * time.Hour
			began := time.Now()
			b.run(t, 50*time.Millisecond) // in real time: the store's clock is the quarantine's
			entry, in, err := b.Store.Quarantined(sha256.Sum256([]byte("v2")))
			must(t, err)
			if in != row.want {
				t.Fatalf("quarantined: %v; want %v\n%s", in, row.want, b.log)
			}
			if in && (!strings.Contains(entry.Reason, row.err.Error()) || entry.Until.Before(began.Add(23*time.Hour))) {
				t.Fatalf("quarantine is %+v", entry)
			}
			if runs != 1 {
				t.Fatalf("preflight ran %d times", runs)
			}
		})
	}
}

// A release that has failed while its bytes were coming again is not run once more,
// though its quarantine is not on record yet.
func TestGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetch, _ := then("v2", "v2")
		b := newBench(t, fetch)
		asked := 0
		b.GaveUp = func(_ context.Context, d release.Digest) (bool, error) {
			asked++
			return d == sha256.Sum256([]byte("v2")), nil
		}
		b.Preflight = func(context.Context, *store.Staged) error {
			t.Error("it was run")
			return nil
		}
		if offered := b.run(t, time.Minute); len(offered) > 0 || asked == 0 {
			t.Errorf("%q were offered, and %d times it was asked; want none, and once at least\n%s", offered, asked, b.log)
		}
	})
}

func TestUpgradingIsNotPossible(t *testing.T) {
	fetch, times := then("v2")
	b := newBench(t, fetch)
	must(t, os.Remove(b.dir+"/app"))
	synctest.Test(t, func(t *testing.T) {
		if got := b.run(t, time.Hour); len(got) != 0 {
			t.Fatalf("offered %q", got)
		}
	})
	if len(*times) != 0 || b.log.count("WARN", "upgrading is not possible") != 1 {
		t.Fatalf("fetched %d times; want never, and one line\n%s", len(*times), b.log)
	}
}

func TestInitFails(t *testing.T) {
	b := newBench(t, nil)
	b.Source = source{init: func() error { return errors.New("URL is empty") }}
	b.Updater.Run(t.Context()) // ends by itself
	if b.log.count("ERROR", "upgrades are off", "URL is empty") != 1 {
		t.Fatalf("logged:\n%s", b.log)
	}
}
