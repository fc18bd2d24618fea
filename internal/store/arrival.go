package store

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/release"
)

// An arrival is a file whose bytes are still coming in.
type arrival struct {
	store *Store
	at    location
	path  string
	w     *os.File
	r     *os.File // the same file, for reading: what a Staged keeps
	sha1  hash.Hash
	sha2  hash.Hash
}

// newArrival makes the file, in the state directory when a rename leads from
// there to the target. It is locked before the store's own lock is released,
// so that no Recover ever sees it without an owner.
func (s *Store) newArrival(ctx context.Context, at location) (*arrival, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	dir := s.dir
	if !sameMount(s.dir, at.dir) {
		dir = at.dir
	}
	a := &arrival{store: s, at: at, path: filepath.Join(dir, unverifiedName(at.name)), sha1: sha1.New(), sha2: sha256.New()}
	err = s.disk.Do(durable.Step{Op: durable.Create, Path: a.path}, func() (err error) {
		a.w, err = createNew(a.path)
		return err
	})
	if err != nil {
		return nil, advise(err, dir)
	}
	if a.r, err = openRead(a.path); err != nil {
		a.undo()
		return nil, err
	}
	// A filesystem without flock only loses the tidying after a crash.
	if err := tryLock(a.r, shared); err != nil && errors.Is(err, errWouldBlock) {
		a.undo()
		return nil, fmt.Errorf("lock %q: %w", a.path, err)
	}
	return a, nil
}

// finish takes the bytes in and gives the file its place.
func (a *arrival) finish(ctx context.Context, in *intake, maxSize int64) (*Staged, error) {
	size, err := a.fill(ctx, in, maxSize)
	if err != nil {
		return nil, err
	}
	var digest release.Digest
	a.sha2.Sum(digest[:0])
	if want := in.body.Digest; !want.IsZero() && want != digest {
		return nil, &DigestError{Want: want, Got: digest}
	}
	if err := a.store.refuseQuarantined(digest); err != nil {
		return nil, err
	}
	if err := a.seal(); err != nil {
		return nil, advise(err, filepath.Dir(a.path))
	}
	if err := a.settle(digest); err != nil {
		return nil, advise(err, a.at.dir)
	}
	return &Staged{
		store:  a.store,
		target: a.at.path,
		path:   a.path,
		digest: digest,
		id:     hex.EncodeToString(a.sha1.Sum(nil)),
		size:   size,
		file:   a.r,
	}, nil
}

// fill writes and hashes the body.
func (a *arrival) fill(ctx context.Context, in *intake, maxSize int64) (int64, error) {
	claim := in.body.Size
	limit := maxSize
	if claim > 0 {
		limit = min(limit, claim)
	}
	var size int64
	err := a.store.disk.Do(durable.Step{Op: durable.Write, Path: a.path}, func() (err error) {
		size, err = in.copyTo(ctx, limit, a.take)
		return err
	})
	switch {
	case errors.Is(err, errPastLimit) && limit == claim:
		return 0, fmt.Errorf("%w: more than the %d bytes announced", ErrSize, claim)
	case errors.Is(err, errPastLimit):
		return 0, tooLarge(maxSize)
	case err != nil:
		return 0, advise(err, filepath.Dir(a.path))
	case claim > 0 && size != claim:
		return 0, fmt.Errorf("%w: %d of %d bytes came; the source is cut short, or still being written", ErrSize, size, claim)
	case size == 0:
		return 0, fmt.Errorf("%w: nothing came; the source is empty, or still being written", ErrSize)
	}
	return size, nil
}

func (a *arrival) take(data []byte) error {
	a.sha1.Write(data)
	a.sha2.Write(data)
	_, err := a.w.Write(data)
	return err
}

// seal makes the file executable, flushes it and gives up writing to it.
func (a *arrival) seal() error {
	disk := a.store.disk
	err := disk.Do(durable.Step{Op: durable.Mode, Path: a.path}, func() error { return a.w.Chmod(0o700) })
	if err != nil {
		return err
	}
	if err := disk.Do(durable.Step{Op: durable.Sync, Path: a.path}, a.w.Sync); err != nil {
		return err
	}
	if err := disk.Do(durable.Step{Op: durable.Close, Path: a.path}, a.w.Close); err != nil {
		return err
	}
	awaitForks()
	return nil
}

// settle renames the file to the hidden name it is executed by.
func (a *arrival) settle(digest release.Digest) error {
	path := filepath.Join(a.at.dir, candidateName(a.at.name, digest))
	old := a.path
	if err := a.store.disk.Rename(old, path); err != nil {
		return err
	}
	a.path = path
	return a.store.disk.Settle(old, path)
}

func (a *arrival) undo() {
	a.w.Close() // may be closed already
	if a.r != nil {
		a.r.Close()
	}
	os.Remove(a.path)
}
