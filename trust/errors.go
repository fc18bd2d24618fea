package trust

import (
	"errors"
	"fmt"
)

// What a [Signed] policy refuses by. Each refusal matches one of these, or
// [release.ErrFormat] and [release.ErrCritical] where the manifest or the key
// list itself is wrong, and says what there is to do.
var (
	// ErrSettings is a policy that was set up wrongly; ErrNotPinned is one of
	// these: a policy that [Signed.For] was not called on.
	ErrSettings  = errors.New("the settings of the trust policy are wrong")
	ErrNotPinned = errors.New("the policy is not pinned to a product and channel: call For(product, channel), as one key may sign several")

	// ErrUnsigned is a candidate without a manifest, or a manifest without a
	// signature.
	ErrUnsigned = errors.New("nothing is signed")

	// ErrSignature is where no key that counts has signed the manifest,
	// ErrThreshold where too few have.
	ErrSignature = errors.New("no signature by a key that counts")
	ErrThreshold = errors.New("not signed by enough keys")

	// ErrRevoked and ErrKeyExpired are where a key would have to count that
	// the key list takes back, or that is past its time.
	ErrRevoked    = errors.New("signed by a revoked key")
	ErrKeyExpired = errors.New("signed by a key past its time")

	// ErrKeyList is where there is no key list to go by, or it names keys that
	// are none; ErrKeyListSignature where not enough root keys have signed it;
	// ErrKeyListExpired where it is past its time.
	ErrKeyList          = errors.New("no usable list of release keys")
	ErrKeyListSignature = errors.New("the list of release keys is not signed by enough root keys")
	ErrKeyListExpired   = errors.New("the list of release keys is past its time")

	// ErrProduct and ErrChannel are where a manifest is one of another.
	ErrProduct = errors.New("made for another product")
	ErrChannel = errors.New("made for another channel")

	// ErrExpired is a manifest that is past its time.
	ErrExpired = errors.New("the manifest is past its time")

	// ErrReplay is a manifest below the highest that was seen, ErrFloor one
	// below the lowest that counts, and ErrEquivocation another one of a
	// number that was seen.
	ErrReplay       = errors.New("an older manifest than the newest seen")
	ErrFloor        = errors.New("a manifest below the lowest that counts")
	ErrEquivocation = errors.New("another one of a number that was seen before")

	// ErrDowngrade is a version below the one that was let in last, or runs.
	ErrDowngrade = errors.New("a lower version than the one before")

	// ErrPlatform is a release that has no program for this system.
	ErrPlatform = errors.New("no program for this platform")

	// ErrBlocked is a program that the manifest itself blocks.
	ErrBlocked = errors.New("the publisher has blocked this program")

	// ErrNotYet is a release that has not reached this host: see
	// [NotYetError]. Nothing is wrong; it is asked about again.
	ErrNotYet = errors.New("not this host's turn yet")

	// ErrMemory is where what was remembered cannot be read, or kept.
	ErrMemory = errors.New("what the policy remembers")
)

// A NotYetError says how far a staged rollout is. It matches [ErrNotYet].
type NotYetError struct {
	Percent float64 // of the hosts are reached now
	Slot    float64 // of this host: it is reached once Percent is above
}

func (e *NotYetError) Error() string {
	return fmt.Sprintf("%v: the rollout is at %.2f %%, this host is at %.2f %%", ErrNotYet, e.Percent, e.Slot)
}

// Is makes it match [ErrNotYet].
func (e *NotYetError) Is(target error) bool { return target == ErrNotYet }
