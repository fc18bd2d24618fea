package store

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// A trial is a digest that runs, or ran, without being installed.
//
//	BeginTrial -> running -> EndTrial, Install, Quarantine -> gone
//	                \-> its owner dies -> Recover: interrupted -> BeginTrial …
//	                                              \-> the third time: quarantined
type trial struct {
	Digest  release.Digest `json:"digest"`
	Attempt int            `json:"attempt"`         // running: which one this is; else how many were interrupted
	Owner   *owner         `json:"owner,omitempty"` // nil: nobody runs it
	Staged  string         `json:"staged,omitempty"`
	Started time.Time      `json:"started"`
}

type trialRecord struct {
	Version int     `json:"version"`
	Trials  []trial `json:"trials"`
}

func (r trialRecord) version() int { return r.Version }

// interrupted is how many trials of d had no end.
func (r trialRecord) interrupted(d release.Digest) int {
	for _, t := range r.Trials {
		if t.Digest == d && t.Owner == nil {
			return max(t.Attempt, 0)
		}
	}
	return 0
}

// BeginTrial records, durably, that this process is about to run st: digest,
// attempt, owner and time. It comes before the spawn. Begun again, it is the
// same trial. It waits for the lock of the state directory, bounded.
//
// Errors that can be matched: [ErrQuarantined], [ErrNotWritable],
// [ErrNoSpace], [ErrLocked], [ErrUnsafeDir].
func (s *Store) BeginTrial(st *Staged) error {
	err := s.update(func() error {
		bad, err := readLocked[quarantineRecord](s, quarantineFile)
		if err != nil {
			return err
		}
		if entry, held := bad.lookUp(st.digest, s.now()); held {
			return &QuarantinedError{Entry: entry}
		}
		rec, err := readLocked[trialRecord](s, trialsFile)
		if err != nil {
			return err
		}
		me := self()
		rec.drop(st.digest, &me)
		rec.Trials = append(rec.Trials, trial{
			Digest:  st.digest,
			Attempt: rec.interrupted(st.digest) + 1,
			Owner:   &me,
			Staged:  st.locked(),
			Started: s.now().UTC(),
		})
		if extra := len(rec.Trials) - maxEntries; extra > 0 {
			rec.Trials = slices.Delete(rec.Trials, 0, extra) // the oldest
		}
		return s.writeTrialsLocked(rec)
	})
	if err != nil {
		return fmt.Errorf("record the trial of %q: %w", filepath.Base(st.path), err)
	}
	return nil
}

// EndTrial clears this process's trial of d without a verdict, as when the
// program is stopped in the middle of it. Interruptions counted before stay
// counted. It waits for the lock of the state directory, bounded.
func (s *Store) EndTrial(d release.Digest) error {
	if have, err := s.haveDir(); err != nil || !have {
		return err
	}
	err := s.update(func() error {
		rec, err := readLocked[trialRecord](s, trialsFile)
		if err != nil {
			return err
		}
		me := self()
		if !rec.drop(d, &me) {
			return nil
		}
		return s.writeTrialsLocked(rec)
	})
	if err != nil {
		return fmt.Errorf("end the trial of %s: %w", d.Short(), err)
	}
	return nil
}

// clearTrialsLocked is for a verdict on d: this process's trial and the count
// of interrupted ones go. Trials of other masters are theirs to end.
func (s *Store) clearTrialsLocked(d release.Digest) error {
	rec, err := readLocked[trialRecord](s, trialsFile)
	if err != nil {
		return err
	}
	me := self()
	mine, counted := rec.drop(d, &me), rec.drop(d, nil)
	if !mine && !counted {
		return nil
	}
	return s.writeTrialsLocked(rec)
}

func (s *Store) writeTrialsLocked(rec trialRecord) error {
	rec.Version = recordVersion
	return s.writeLocked(trialsFile, rec, len(rec.Trials) == 0)
}

// drop removes the trials of d by o, or with no owner, and reports whether
// there was one.
func (r *trialRecord) drop(d release.Digest, o *owner) bool {
	before := len(r.Trials)
	r.Trials = slices.DeleteFunc(r.Trials, func(t trial) bool {
		if t.Digest != d || (t.Owner == nil) != (o == nil) {
			return false
		}
		return o == nil || *t.Owner == *o
	})
	return len(r.Trials) < before
}
