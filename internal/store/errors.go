package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// What callers branch on. Each comes wrapped in an error that says what was
// tried and what to do.
var (
	ErrUnverified  = errors.New("nobody vouched for the candidate: it did not come from trust.Check")
	ErrQuarantined = errors.New("the digest is quarantined")
	ErrDigest      = errors.New("the bytes are not those that were announced")
	ErrSize        = errors.New("the length is not the one that was announced")
	ErrTooLarge    = errors.New("the file is too large")
	ErrNotWritable = errors.New("not writable")
	ErrNoExec      = errors.New("programs on this mount cannot be executed (noexec)")
	ErrNoSpace     = errors.New("no space left")
	ErrBusy        = errors.New("text file busy")
	ErrVanished    = errors.New("the installed program is not there")
	ErrNotFile     = errors.New("not a regular file")
	ErrMoved       = errors.New("the installed path leads to another place than at the staging")
	ErrChanged     = errors.New("the staged file is no longer what was hashed")
	ErrCarry       = errors.New("rights of the installed program cannot be carried over to the new one")
	ErrUnsafeDir   = errors.New("the state directory is not safe")
	ErrLocked      = errors.New("another process holds the lock of the state directory")
	ErrCorrupt     = errors.New("a record was damaged and was set aside")
	ErrEnded       = errors.New("the staged file was installed or discarded already")
	ErrStuck       = errors.New("too many earlier downloads have not ended")
	ErrUnfit       = errors.New("the release cannot be run here, nor ever")
	ErrNotLink     = errors.New("not a symbolic link")
	ErrNoArchive   = errors.New("no archive of the installed release is kept")
	ErrNotTree     = errors.New("the releases here are single binaries")
)

// A QuarantinedError says why a digest is not taken. It matches
// [ErrQuarantined].
type QuarantinedError struct{ Entry Entry }

func (e *QuarantinedError) Error() string {
	until := "until it is lifted"
	if !e.Entry.Until.IsZero() {
		until = "until " + e.Entry.Until.Format(time.RFC3339)
	}
	return fmt.Sprintf("%v: %s %s: %s", ErrQuarantined, e.Entry.Digest.Short(), until, e.Entry.Reason)
}

func (e *QuarantinedError) Unwrap() error { return ErrQuarantined }

// A DigestError has both digests. It matches [ErrDigest].
type DigestError struct{ Want, Got release.Digest }

func (e *DigestError) Error() string {
	return fmt.Sprintf("%v: want %s, got %s: the download was damaged, or the source changed while it was read; fetch again, and compare the published digest if it stays", ErrDigest, e.Want, e.Got)
}

func (e *DigestError) Unwrap() error { return ErrDigest }

// An UnfitError is a directory release whose archive breaks a rule, or that has
// no such program. What is fetched again would be the same. It matches
// [ErrUnfit].
type UnfitError struct {
	Digest release.Digest
	Err    error
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("%v: %s: %v", ErrUnfit, e.Digest.Short(), e.Err)
}

func (e *UnfitError) Unwrap() []error { return []error{ErrUnfit, e.Err} }

// advise adds to an error of the system what it means for an upgrade and what
// to do about it.
func advise(err error, dir string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), isQuota(err):
		return fmt.Errorf("%w in %q: free some there, an upgrade needs room for the new program beside the old one: %w", ErrNoSpace, dir, err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%q is %w, its filesystem is read-only: move the program or StateDir to one that is not, or allow writing to it (ReadWritePaths= in a systemd unit): %w", dir, ErrNotWritable, err)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%q is %w for user %d: allow it to write the directory, or move the program or StateDir to one that it may write: %w", dir, ErrNotWritable, os.Geteuid(), err)
	case errors.Is(err, errTextBusy):
		return fmt.Errorf("%w in %q: something has the file open for writing, as a copy in progress or a backup; try again when it has ended: %w", ErrBusy, dir, err)
	default:
		return err
	}
}
