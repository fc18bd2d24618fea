package store

import (
	"context"
	"fmt"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// DefaultMaxSize bounds a candidate where the caller does not.
const DefaultMaxSize = 1 << 30

// Stage brings the candidate's bytes onto the disk, hashed while they are
// written, and makes them stand under a hidden name in the directory of the
// installed program, flushed and executable; those of a directory release are
// unpacked, as a tree of their own. It consumes the candidate: the body is closed
// in every case but [ErrUnverified] and [ErrStuck].
//
// Bytes beyond maxSize (0 means [DefaultMaxSize]) or beyond the candidate's
// own claim are not read. It blocks until the body ends or ctx does; a Read
// that never returns is left behind after a fraction of a second, and a few of
// these at most. The caller ends what it gets with Install or Discard.
//
// Errors that can be matched: those of ctx, [ErrUnverified], [ErrQuarantined],
// [ErrDigest], [ErrSize], [ErrTooLarge], [ErrNotWritable], [ErrNoExec],
// [ErrNoSpace], [ErrVanished], [ErrNotFile], [ErrUnsafeDir], [ErrLocked],
// [ErrStuck], [errors.ErrUnsupported]. Of a directory release also [ErrUnfit],
// [ErrNotLink], and [ErrChanged] where its tree is there, in use, and was written
// to.
func (s *Store) Stage(ctx context.Context, v trust.Verified, maxSize int64) (*Staged, error) {
	c := v.Candidate()
	if v.IsZero() || c.Body == nil {
		return nil, fmt.Errorf("stage candidate from %q: %w", c.Source, ErrUnverified)
	}
	in, err := s.newIntake(c)
	if err != nil {
		return nil, fmt.Errorf("stage candidate from %q: %w", c.Source, err)
	}
	defer in.end()
	if maxSize <= 0 {
		maxSize = DefaultMaxSize
	}
	st, err := s.stage(ctx, in, maxSize)
	if err != nil {
		return nil, fmt.Errorf("stage candidate from %q: %w", c.Source, err)
	}
	return st, nil
}

func (s *Store) stage(ctx context.Context, in *intake, maxSize int64) (*Staged, error) {
	at, err := s.admit(ctx, in.body, maxSize)
	if err != nil {
		return nil, err
	}
	a, err := s.newArrival(ctx, at)
	if err != nil {
		return nil, err
	}
	st, err := a.finish(ctx, in, maxSize)
	if err != nil {
		a.undo()
		return nil, err
	}
	return st, nil
}

// admit refuses what can be refused before a byte is read.
func (s *Store) admit(ctx context.Context, c release.Candidate, maxSize int64) (location, error) {
	if err := ctx.Err(); err != nil {
		return location{}, err
	}
	if c.Size > maxSize {
		return location{}, tooLarge(maxSize)
	}
	if !c.Digest.IsZero() {
		if err := s.refuseQuarantined(c.Digest); err != nil {
			return location{}, err
		}
	}
	return s.layout.place()
}

// place is beside the installed program.
func (s binary) place() (location, error) {
	at, err := s.resolve()
	if err != nil {
		return location{}, err
	}
	return at, checkPlace(at.dir)
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: more than the %d bytes allowed; if that is right for this program, raise the limit", ErrTooLarge, limit)
}
