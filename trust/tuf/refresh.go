package tuf

import (
	"context"
	"errors"
	"fmt"

	"github.com/theupdateframework/go-tuf/v2/metadata"
	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"

	"github.com/seed-3d078585/overseer/trust"
)

// A refresh is one pass of the client workflow. The set has what is proven in
// this pass; known has what earlier ones have proven, and gains what this one
// does.
type refresh struct {
	*Policy
	known *kept
	set   *trustedmetadata.TrustedMetadata
}

// refresh asks for the target, and changes known to what must be kept, whether
// it succeeds or not.
func (p *Policy) refresh(ctx context.Context, known *kept) (trust.Grant, error) {
	r := &refresh{Policy: p, known: known}
	for _, step := range []func(context.Context) error{r.roots, r.timestamp, r.snapshot} {
		if err := step(ctx); err != nil {
			return trust.Grant{}, err
		}
	}
	return r.lookup(ctx)
}

// roots goes from the pinned root to the newest one (5.3 of the
// specification): along those that are known, then along those that the
// repository has.
func (r *refresh) roots(ctx context.Context) error {
	var err error
	r.set, err = trustedmetadata.New(r.root)
	if err != nil {
		return refused("the pinned root", err, ErrMalformed)
	}
	for next := r.version() + 1; r.known.Roots[next] != nil; next++ {
		if r.updateRoot(r.known.Roots[next]) != nil {
			r.known.forgetRoots(next) // of another repository, whose root was pinned before
		}
	}
	for n := 0; ; n++ {
		next := r.version() + 1
		file := fileOf(metadata.ROOT, next, true)
		data, err := r.wire.get(ctx, file, r.limits.Root)
		switch {
		case absent(err):
			return r.settle()
		case err != nil:
			return fmt.Errorf("root: %w", err)
		case n == r.limits.Roots:
			return fmt.Errorf("root: %w: more than %d new ones", ErrTooLarge, n)
		}
		if err := r.updateRoot(data); err != nil {
			return refused(file, err, ErrMismatch)
		}
		r.known.Roots[next] = data
	}
}

func (r *refresh) version() int64 { return r.set.Root.Signed.Version }

func (r *refresh) updateRoot(data []byte) error {
	return fence(func() error { _, err := r.set.UpdateRoot(data); return err })
}

// settle ends the way to the newest root. Where it has other keys for the
// timestamp or the snapshot, what was signed before is forgotten: whoever had
// the old keys may have signed a version that no honest one ever reaches
// (5.3.11, fast-forward attacks).
func (r *refresh) settle() error {
	if r.set.Root.Signed.IsExpired(r.set.RefTime) {
		return fmt.Errorf("root %d: %w: %w", r.version(), ErrExpired,
			&metadata.ErrExpiredMetadata{Msg: fmt.Sprintf("root.json expired at %v", r.set.Root.Signed.Expires)})
	}
	if unsigned[metadata.TimestampType](r.set.Root, metadata.TIMESTAMP, r.known.Timestamp) ||
		unsigned[metadata.SnapshotType](r.set.Root, metadata.SNAPSHOT, r.known.Snapshot) {
		r.known.Timestamp, r.known.Snapshot = nil, nil
	}
	return nil
}

// unsigned reports whether there is something known that root does not take as
// signed any more.
func unsigned[T metadata.Roles](root *metadata.Metadata[metadata.RootType], role string, data []byte) bool {
	return data != nil && errors.Is(fence(func() error {
		known, err := new(metadata.Metadata[T]).FromBytes(data)
		if err != nil {
			return err
		}
		return root.VerifyDelegate(role, known)
	}), &metadata.ErrUnsignedMetadata{})
}

// timestamp brings the newest timestamp (5.4).
func (r *refresh) timestamp(ctx context.Context) error {
	if r.known.Timestamp != nil {
		// It may have expired, and still says which versions were seen.
		_ = r.updateTimestamp(r.known.Timestamp)
	}
	data, err := r.wire.get(ctx, "timestamp.json", r.limits.Timestamp)
	if err != nil {
		return fmt.Errorf("timestamp: %w", err)
	}
	err = r.updateTimestamp(data)
	if errors.Is(err, &metadata.ErrEqualVersionNumber{}) {
		data, err = r.known.Timestamp, nil
		if at := r.set.Timestamp.Signed.Expires; r.set.Timestamp.Signed.IsExpired(r.set.RefTime) {
			err = &metadata.ErrExpiredMetadata{Msg: fmt.Sprintf("timestamp.json expired at %v", at)}
		}
	}
	if err != nil {
		return refused("timestamp", err, ErrRollback)
	}
	if r.named() == nil {
		return refused("timestamp", errors.New("it names no snapshot.json"), ErrMalformed)
	}
	r.known.Timestamp = data
	return nil
}

func (r *refresh) updateTimestamp(data []byte) error {
	return fence(func() error { _, err := r.set.UpdateTimestamp(data); return err })
}

// named is the snapshot that the timestamp names.
func (r *refresh) named() *metadata.MetaFiles {
	return r.set.Timestamp.Signed.Meta["snapshot.json"]
}

// snapshot brings the snapshot that the timestamp names (5.5).
func (r *refresh) snapshot(ctx context.Context) error {
	if r.known.Snapshot != nil && r.updateSnapshot(r.known.Snapshot, true) == nil {
		return nil
	}
	seen := r.set.Snapshot // the known one, though it is not the one that is named
	data, err := r.fetch(ctx, metadata.SNAPSHOT, r.named(), r.limits.Snapshot)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	if err := r.updateSnapshot(data, false); err != nil {
		if r.set.Snapshot != seen {
			return refused("snapshot", err, ErrMismatch) // newer than what was seen, and not the one that is named
		}
		return refused("snapshot", err, ErrRollback)
	}
	for name, file := range r.set.Snapshot.Signed.Meta {
		if file == nil {
			return refused("snapshot", fmt.Errorf("it names no version of %q", name), ErrMalformed)
		}
	}
	r.known.Snapshot = data
	return nil
}

// updateSnapshot takes a snapshot. One that is known is not compared with the
// hash that the timestamp has.
func (r *refresh) updateSnapshot(data []byte, known bool) error {
	return fence(func() error { _, err := r.set.UpdateSnapshot(data, known); return err })
}

// fetch brings the file of a role as it is named: by its version where the
// repository keeps several, and within its length where that is said.
func (r *refresh) fetch(ctx context.Context, role string, named *metadata.MetaFiles, max int64) ([]byte, error) {
	if named.Length > max {
		return nil, fmt.Errorf("%w: %d bytes are announced, %d is the limit", ErrTooLarge, named.Length, max)
	}
	if named.Length > 0 {
		max = named.Length
	}
	return r.wire.get(ctx, fileOf(role, named.Version, r.set.Root.Signed.ConsistentSnapshot), max)
}
