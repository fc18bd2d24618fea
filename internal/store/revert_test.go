//go:build unix

package store

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// The way back is an upgrade like any other: a copy is staged, tried, installed,
// and what was left can be gone back to in turn.
func TestStagePrevious(t *testing.T) {
	target := newTarget(t, v1)
	s := open(t, target)
	if s.HasPrevious() {
		t.Fatal("there is a previous program before any upgrade")
	}
	_, err := s.StagePrevious(t.Context())
	mustIs(t, err, ErrNoPrevious)
	_, err = s.Install(t.Context(), stage(t, s, v2))
	must(t, err)
	for _, step := range []struct{ content, previous []byte }{{v1, v2}, {v2, v1}} {
		if !s.HasPrevious() {
			t.Fatal("no previous program")
		}
		st, err := s.StagePrevious(t.Context())
		must(t, err)
		wantContent(t, st.Path(), step.content)
		must(t, s.BeginTrial(st))
		done, err := s.Install(t.Context(), st)
		must(t, err)
		wantContent(t, target, step.content)
		wantContent(t, done.Previous, step.previous)
	}
	wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
}

func TestStagePreviousRefuses(t *testing.T) {
	target := newTarget(t, v1)
	s := open(t, target)
	done, err := s.Install(t.Context(), stage(t, s, v2))
	must(t, err)

	d := release.Digest(sha256.Sum256(v1))
	must(t, s.Quarantine(d, "it failed", time.Time{}))
	_, err = s.StagePrevious(t.Context())
	mustIs(t, err, ErrQuarantined)
	must(t, s.Lift(d))

	must(t, os.Remove(done.Previous))
	must(t, os.Symlink(target, done.Previous))
	if s.HasPrevious() {
		t.Error("a link counts as the previous program")
	}
	if _, err := s.StagePrevious(t.Context()); err == nil {
		t.Error("a link was followed")
	}
	must(t, os.Remove(done.Previous))
	must(t, os.Link(target, done.Previous)) // an Install that ended between its two renames
	if s.HasPrevious() {
		t.Error("what is installed counts as the previous program")
	}
}

func TestHeld(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, newTarget(t, v1), WithClock(func() time.Time { return now }))
	read := func() (Held, bool) {
		h, held, err := s.Held()
		must(t, err)
		return h, held
	}
	if _, held := read(); held {
		t.Fatal("held before anybody did")
	}
	want := Held{Since: now, Until: now.Add(time.Hour), Reason: "freeze", Actor: "uid 0"}
	must(t, s.SetHeld(want))
	if h, held := read(); !held || h != want {
		t.Errorf("%+v, %v, want %+v", h, held, want)
	}
	now = now.Add(time.Hour)
	if _, held := read(); held {
		t.Error("held when its time is over")
	}
	must(t, s.SetHeld(Held{Since: now}))
	if _, held := read(); !held {
		t.Error("one without an end does not hold")
	}
	must(t, s.SetHeld(Held{}))
	if _, held := read(); held {
		t.Error("held although it was taken back")
	}
	must(t, s.SetHeld(Held{}))
}

func TestEntries(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, newTarget(t, v1), WithClock(func() time.Time { return now }))
	must(t, s.Quarantine(release.Digest(sha256.Sum256(v2)), "second thoughts", now.Add(time.Minute)))
	must(t, s.Quarantine(release.Digest(sha256.Sum256(v3)), "third time unlucky", time.Time{}))
	entries, err := s.Entries()
	must(t, err)
	if len(entries) != 2 || entries[0].Reason != "third time unlucky" {
		t.Fatalf("%+v, want two, the newest first", entries)
	}
	now = now.Add(time.Minute)
	if entries, err = s.Entries(); err != nil || len(entries) != 1 {
		t.Errorf("%+v, %v, want one when the other's time is over", entries, err)
	}
}
