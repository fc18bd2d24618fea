package tuf

import (
	"errors"
	"fmt"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// What [Policy.Vouch] refuses with. Each refusal is one of these, and wraps
// the error of go-tuf where there is one.
var (
	// ErrExpired: metadata is past its date. The repository is no longer
	// maintained, somebody holds it back, or the clock of this machine is
	// wrong. A new signature of the named role ends it.
	ErrExpired = errors.New("the metadata has expired: was the repository not signed anew, is an old state served, or is the clock wrong?")

	// ErrRollback: metadata is older than what this host has seen. A mirror is
	// stale, the repository was restored from a backup, or it is an attack.
	ErrRollback = errors.New("the metadata is older than what was seen before: is the mirror stale, was a backup restored, or is an old state served on purpose?")

	// ErrSignature: fewer keys than the threshold have signed, of those that
	// are trusted for the role. The pinned root is that of another repository,
	// a key was revoked, or it is an attack.
	ErrSignature = errors.New("not enough of the trusted keys have signed the metadata: is the pinned root that of this repository?")

	// ErrMismatch: a file is not the one that the metadata above it names, by
	// version, length or hash. Files of two times are served together: an
	// upload or a cache that is half way, or an attack.
	ErrMismatch = errors.New("the metadata is not what the role above it names: are files of two states served together?")

	// ErrMalformed: a file that TUF metadata cannot be read from, or that uses
	// what is not supported, a kind of key for example.
	ErrMalformed = errors.New("the metadata cannot be used: is this the metadata of a TUF repository?")

	// ErrTooLarge: one of [Limits] is reached.
	ErrTooLarge = errors.New("the repository is larger than the limit: if it is in order, raise Options.Limits")

	// ErrUnreachable: no answer, not in time, or not the one that was asked
	// for. A status is matched as *metadata.ErrDownloadHTTP of go-tuf.
	ErrUnreachable = errors.New("the repository cannot be reached: is MetadataURL right, and the server up?")

	// ErrNoTarget: no role that is trusted for the name lists the target.
	ErrNoTarget = errors.New("the repository lists no such target: is Options.Target its name in the metadata?")

	// ErrUnbound: the target is listed without what binds its bytes: a
	// SHA-256, and a length above zero.
	ErrUnbound = errors.New("the repository lists the target without a SHA-256 and a length: publish it with both")

	// ErrMemory: what must not be forgotten cannot be read or kept.
	ErrMemory = errors.New("the host's memory of the repository fails")
)

// refused says what is wrong with the metadata of a role. version is what a
// wrong version number means at this place.
func refused(role string, err, version error) error {
	return fmt.Errorf("%s: %w: %w", role, kindOf(err, version), err)
}

// kindOf translates an error of go-tuf, whose types nest: each of these is an
// ErrRepository too.
func kindOf(err, version error) error {
	_, plain := errors.AsType[*metadata.ErrRepository](err) // by itself, and none of the others
	switch {
	case errors.Is(err, &metadata.ErrExpiredMetadata{}):
		return ErrExpired
	case errors.Is(err, &metadata.ErrUnsignedMetadata{}):
		return ErrSignature
	case errors.Is(err, &metadata.ErrLengthOrHashMismatch{}):
		return ErrMismatch
	case errors.Is(err, &metadata.ErrBadVersionNumber{}), plain:
		return version
	}
	return ErrMalformed
}

// fence calls into go-tuf, which meets some malformed metadata (a null where an
// object should be) with a panic.
func fence(call func() error) (err error) {
	defer func() {
		if met := recover(); met != nil {
			err = fmt.Errorf("reading it panicked: %v", met)
		}
	}()
	return call()
}
