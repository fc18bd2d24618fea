package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

const (
	// maxInterrupted is how many trials of one digest may end with the death
	// of their master before the digest is taken for the cause.
	maxInterrupted = 3

	// interruptedQuarantine is for how long.
	interruptedQuarantine = 24 * time.Hour
)

// A Recovery says what [Store.Recover] found and did.
type Recovery struct {
	Interrupted []Interrupted
	Removed     []string // leftover files
	Warnings    []error  // what could not be put in order, and damaged records
}

// An Interrupted is a digest that was on trial when its master died.
type Interrupted struct {
	Digest      release.Digest
	Attempts    int  // how many of its trials ended so
	Quarantined bool // and this was one too many
}

// String is one line for the log; it is empty where there was nothing to do.
func (r Recovery) String() string {
	var parts []string
	for _, in := range r.Interrupted {
		verdict := ""
		if in.Quarantined {
			verdict = ", quarantined"
		}
		parts = append(parts, fmt.Sprintf("trial of %s was interrupted, %d of %d%s", in.Digest.Short(), in.Attempts, maxInterrupted, verdict))
	}
	for _, path := range r.Removed {
		parts = append(parts, fmt.Sprintf("removed leftover %q", path))
	}
	return strings.Join(parts, "; ")
}

// Recover is called once when a master starts, before anything else is done
// with the store. It counts the trials that ended with the death of their
// master, quarantines a digest at the third, and removes files that dead
// masters left. Trials and files of live ones are not touched. Where nothing
// was ever recorded, it writes nothing. It waits for the lock of the state
// directory, bounded and until ctx ends.
func (s *Store) Recover(ctx context.Context) (Recovery, error) {
	var rec Recovery
	have, err := s.haveDir()
	if err != nil || !have {
		return rec, err
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return rec, fmt.Errorf("recover state in %q: %w", s.dir, err)
	}
	defer unlock()
	// The same store, but with warnings where this caller finds them.
	quiet := &Store{target: s.target, dir: s.dir, disk: s.disk, now: s.now, warn: func(err error) {
		rec.Warnings = append(rec.Warnings, err)
	}}
	quiet.layout = s.layout.of(quiet)
	if err := quiet.recoverLocked(ctx, &rec); err != nil {
		return rec, fmt.Errorf("recover state in %q: %w", s.dir, err)
	}
	return rec, nil
}

// recoverLocked sweeps before it writes: leftovers may be what fills the disk.
func (s *Store) recoverLocked(ctx context.Context, out *Recovery) error {
	rec, err := readLocked[trialRecord](s, trialsFile)
	gone := rec.takeGone()
	s.layout.sweepLocked(out, gone)
	if err != nil {
		return err
	}
	bad, err := readLocked[quarantineRecord](s, quarantineFile)
	if err != nil {
		return err
	}
	if len(gone) == 0 {
		return nil
	}
	return s.countLocked(ctx, out, rec, bad, gone)
}

// countLocked counts what was interrupted, once for a digest however many
// masters tried it: one power cut is one interruption.
func (s *Store) countLocked(ctx context.Context, out *Recovery, rec trialRecord, bad quarantineRecord, gone []trial) error {
	var digests []release.Digest
	for _, t := range gone {
		if !slices.Contains(digests, t.Digest) {
			digests = append(digests, t.Digest)
		}
	}
	for _, d := range digests {
		in := Interrupted{Digest: d, Attempts: rec.interrupted(d) + 1}
		rec.drop(d, nil)
		if judged, err := s.judged(ctx, d, bad); err != nil {
			return err
		} else if judged {
			continue // the verdict came through; only the end of its record did not
		}
		if in.Attempts < maxInterrupted {
			rec.Trials = append(rec.Trials, trial{Digest: d, Attempt: in.Attempts, Started: s.now().UTC()})
		} else {
			reason := fmt.Sprintf("the master or the machine went down in %d trials of it", in.Attempts)
			if err := s.quarantineLocked(d, reason, s.now().Add(interruptedQuarantine)); err != nil {
				return err
			}
			in.Quarantined = true
		}
		out.Interrupted = append(out.Interrupted, in)
	}
	return s.writeTrialsLocked(rec)
}

// takeGone removes and returns the trials whose owner is gone.
func (r *trialRecord) takeGone() (gone []trial) {
	r.Trials = slices.DeleteFunc(r.Trials, func(t trial) bool {
		if t.Owner == nil || t.Owner.lives(func() bool { return isHeld(t.Staged) }) {
			return false
		}
		gone = append(gone, t)
		return true
	})
	return gone
}

// judged reports whether the trial of d had come to its verdict, on the disk.
func (s *Store) judged(ctx context.Context, d release.Digest, bad quarantineRecord) (bool, error) {
	if _, held := bad.lookUp(d, s.now()); held {
		return true, advise(s.disk.SyncDir(s.dir), s.dir)
	}
	return s.layout.committed(ctx, d)
}

// committed reports whether d is installed, and makes certain that it stays so.
func (s binary) committed(ctx context.Context, d release.Digest) (bool, error) {
	installed, err := s.holds(ctx, d)
	if err != nil || !installed {
		return false, err
	}
	at, err := s.resolve()
	if err != nil {
		return false, err
	}
	return true, advise(s.disk.SyncDir(at.dir), at.dir)
}

// holds reports whether the installed path holds the digest. A path that cannot
// be read does not; only the end of ctx is an error.
func (s binary) holds(ctx context.Context, d release.Digest) (bool, error) {
	at, err := s.resolve()
	if err != nil {
		return false, ctx.Err()
	}
	f, err := openRead(at.path)
	if err != nil {
		return false, ctx.Err()
	}
	defer f.Close() // only read
	got, err := digestOf(ctx, f, at.info.Size())
	return err == nil && got == d, ctx.Err()
}
