package store

import (
	"fmt"
	"slices"
	"time"
)

// heldFile is the record of a hold.
const heldFile = "held.json"

// A Held says that an operator keeps releases from being fetched and tried.
type Held struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: until it is released
	Reason string    `json:"reason,omitempty"`
	Actor  string    `json:"actor,omitempty"`
}

type heldRecord struct {
	Version int  `json:"version"`
	Held    Held `json:"held"`
}

func (r heldRecord) version() int { return r.Version }

// SetHeld records a hold, durably, for the masters to come too; the zero Held
// takes it back. It waits for the lock of the state directory, bounded.
func (s *Store) SetHeld(h Held) error {
	err := s.update(func() error {
		return s.writeLocked(heldFile, heldRecord{Version: recordVersion, Held: h}, h == Held{})
	})
	if err != nil {
		return fmt.Errorf("record a hold: %w", err)
	}
	return nil
}

// Held returns the hold that is on record; held is false where there is none,
// or its time is over.
func (s *Store) Held() (h Held, held bool, err error) {
	rec, err := readAny[heldRecord](s, heldFile)
	if err != nil {
		return Held{}, false, fmt.Errorf("read the hold: %w", err)
	}
	h = rec.Held
	if h.Since.IsZero() || !h.Until.IsZero() && !s.now().Before(h.Until) {
		return Held{}, false, nil
	}
	return h, true, nil
}

// Entries returns the quarantine, the newest first.
func (s *Store) Entries() ([]Entry, error) {
	rec, err := readAny[quarantineRecord](s, quarantineFile)
	if err != nil {
		return nil, fmt.Errorf("read the quarantine: %w", err)
	}
	now := s.now()
	entries := slices.DeleteFunc(slices.Clone(rec.Entries), func(e Entry) bool { return !e.holds(now) })
	slices.Reverse(entries)
	return entries, nil
}

// Prepare makes the state directory where it is not there, and refuses one that
// another user could have prepared.
//
// Errors that can be matched: [ErrUnsafeDir], [ErrNotWritable], [ErrNoSpace].
func (s *Store) Prepare() error { return s.makeDir() }
