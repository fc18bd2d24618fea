package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/internal/durable"
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
	left, err := quiet.settleTrialsLocked(ctx, &rec)
	if err != nil {
		return rec, fmt.Errorf("recover state in %q: %w", s.dir, err)
	}
	quiet.sweepLocked(&rec, left)
	return rec, nil
}

// settleTrialsLocked counts what was interrupted, once for a digest however
// many masters tried it, and returns the paths their trials ran from.
func (s *Store) settleTrialsLocked(ctx context.Context, out *Recovery) (left []string, err error) {
	rec, err := readLocked[trialRecord](s, trialsFile)
	if err != nil {
		return nil, err
	}
	if _, err := readLocked[quarantineRecord](s, quarantineFile); err != nil {
		return nil, err
	}
	gone := rec.takeGone()
	if len(gone) == 0 {
		return nil, nil
	}
	var digests []release.Digest
	for _, t := range gone {
		left = append(left, t.Staged)
		if !slices.Contains(digests, t.Digest) {
			digests = append(digests, t.Digest)
		}
	}
	for _, d := range digests {
		if s.holds(ctx, d) {
			rec.drop(d, nil) // the commit came through; only its record did not
			continue
		}
		in := Interrupted{Digest: d, Attempts: rec.interrupted(d) + 1}
		rec.drop(d, nil)
		if in.Attempts >= maxInterrupted {
			reason := fmt.Sprintf("the master or the machine went down in %d trials of it", in.Attempts)
			if err := s.quarantineLocked(d, reason, s.now().Add(interruptedQuarantine)); err != nil {
				return nil, err
			}
			in.Quarantined = true
		} else {
			rec.Trials = append(rec.Trials, trial{Digest: d, Attempt: in.Attempts, Started: s.now().UTC()})
		}
		out.Interrupted = append(out.Interrupted, in)
	}
	return left, s.writeTrialsLocked(rec)
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

// holds reports whether the installed path holds the digest.
func (s *Store) holds(ctx context.Context, d release.Digest) bool {
	at, err := s.resolve()
	if err != nil {
		return false
	}
	f, err := openRead(at.path)
	if err != nil {
		return false
	}
	defer f.Close() // only read
	got, err := digestOf(ctx, f, at.info.Size())
	return err == nil && got == d
}

// sweepLocked removes leftovers. The store's lock is held: half-written
// records and links are nobody's, and no candidate is between its creation and
// its own lock.
func (s *Store) sweepLocked(out *Recovery, left []string) {
	at, err := s.resolve()
	if err != nil {
		out.Warnings = append(out.Warnings, fmt.Errorf("look for leftover files: %w", err))
		return
	}
	dirs := []string{s.dir, at.dir}
	for _, path := range left {
		// The link may have led elsewhere when the trial began.
		if dir := filepath.Dir(path); filepath.IsAbs(path) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil && !isAbsent(err) {
			out.Warnings = append(out.Warnings, fmt.Errorf("look for leftover files in %q: %w", dir, err))
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			ours := isCandidate(e.Name(), at.name) && !isHeld(path) || s.isTemp(path, at)
			if !ours || !e.Type().IsRegular() {
				continue
			}
			if err := s.disk.Remove(path); err != nil {
				out.Warnings = append(out.Warnings, fmt.Errorf("remove leftover %q: %w", path, advise(err, dir)))
				continue
			}
			out.Removed = append(out.Removed, path)
		}
	}
}

// isTemp reports whether path is what a durable write of ours leaves behind
// when it is cut off.
func (s *Store) isTemp(path string, at location) bool {
	dir, name := filepath.Split(path)
	for _, file := range []string{
		filepath.Join(s.dir, trialsFile),
		filepath.Join(s.dir, quarantineFile),
		s.previousPath(at),
	} {
		if filepath.Clean(dir) == filepath.Dir(file) && durable.IsTemp(name, filepath.Base(file)) {
			return true
		}
	}
	return false
}

// isHeld reports whether a live master has the staged file open. What cannot
// be asked is taken for held.
func isHeld(path string) bool {
	f, err := openRead(path)
	if err != nil {
		return !isAbsent(err)
	}
	defer f.Close() // drops the lock too
	err = tryLock(f, exclusive)
	if err == nil {
		unlockFile(f)
	}
	return err != nil && !errors.Is(err, os.ErrNotExist)
}
