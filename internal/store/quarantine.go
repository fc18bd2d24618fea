package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// An Entry is a digest that is not tried again for a while.
type Entry struct {
	Digest release.Digest `json:"digest"`
	Reason string         `json:"reason"`
	Since  time.Time      `json:"since"`
	Until  time.Time      `json:"until,omitzero"` // zero: until it is lifted
}

type quarantineRecord struct {
	Version int     `json:"version"`
	Entries []Entry `json:"entries"`
}

func (r quarantineRecord) version() int { return r.Version }

func (e Entry) holds(now time.Time) bool { return e.Until.IsZero() || now.Before(e.Until) }

// Quarantine records that d failed, durably, and ends this process's trial of
// it and its count. Until until (zero means until [Store.Lift]) it is neither
// staged nor tried. A reason that is long is cut. It waits for the lock of the
// state directory, bounded.
func (s *Store) Quarantine(d release.Digest, reason string, until time.Time) error {
	err := s.update(func() error {
		if err := s.quarantineLocked(d, reason, until); err != nil {
			return err
		}
		return s.clearTrialsLocked(d)
	})
	if err != nil {
		return fmt.Errorf("quarantine %s: %w", d.Short(), err)
	}
	return nil
}

// Quarantined reports whether d is quarantined now, and why. A damaged record
// is set aside, with a warning to [WithWarn], and counts as empty.
func (s *Store) Quarantined(d release.Digest) (Entry, bool, error) {
	rec, err := readAny[quarantineRecord](s, quarantineFile)
	if err != nil {
		return Entry{}, false, fmt.Errorf("look up quarantine of %s: %w", d.Short(), err)
	}
	entry, held := rec.lookUp(d, s.now())
	return entry, held, nil
}

// Lift ends the quarantine of d, for an operator who knows better.
func (s *Store) Lift(d release.Digest) error {
	err := s.update(func() error {
		rec, err := readLocked[quarantineRecord](s, quarantineFile)
		if err != nil || rec.find(d) < 0 {
			return err
		}
		rec.drop(d)
		return s.writeQuarantineLocked(rec)
	})
	if err != nil {
		return fmt.Errorf("lift quarantine of %s: %w", d.Short(), err)
	}
	return nil
}

func (s *Store) refuseQuarantined(d release.Digest) error {
	entry, held, err := s.Quarantined(d)
	if err != nil {
		return err
	}
	if held {
		return &QuarantinedError{Entry: entry}
	}
	return nil
}

func (s *Store) quarantineLocked(d release.Digest, reason string, until time.Time) error {
	rec, err := readLocked[quarantineRecord](s, quarantineFile)
	if err != nil {
		return err
	}
	if len(reason) > maxReason {
		reason = strings.ToValidUTF8(reason[:maxReason], "") + "…"
	}
	now := s.now().UTC()
	rec.drop(d)
	rec.Entries = slices.DeleteFunc(rec.Entries, func(e Entry) bool { return !e.holds(now) })
	rec.Entries = append(rec.Entries, Entry{Digest: d, Reason: reason, Since: now, Until: until.UTC()})
	if extra := len(rec.Entries) - maxEntries; extra > 0 {
		rec.Entries = slices.Delete(rec.Entries, 0, extra) // the oldest
	}
	return s.writeQuarantineLocked(rec)
}

func (s *Store) writeQuarantineLocked(rec quarantineRecord) error {
	rec.Version = recordVersion
	return s.writeLocked(quarantineFile, rec, len(rec.Entries) == 0)
}

func (r *quarantineRecord) lookUp(d release.Digest, now time.Time) (Entry, bool) {
	i := r.find(d)
	if i < 0 || !r.Entries[i].holds(now) {
		return Entry{}, false
	}
	return r.Entries[i], true
}

func (r *quarantineRecord) find(d release.Digest) int {
	return slices.IndexFunc(r.Entries, func(e Entry) bool { return e.Digest == d })
}

func (r *quarantineRecord) drop(d release.Digest) {
	r.Entries = slices.DeleteFunc(r.Entries, func(e Entry) bool { return e.Digest == d })
}

// update runs a change of the records under the lock.
func (s *Store) update(change func() error) error {
	unlock, err := s.lock(context.Background())
	if err != nil {
		return err
	}
	defer unlock()
	return change()
}
