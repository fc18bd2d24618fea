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
	"sync"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/release"
)

// An arrival is a file whose bytes are still coming in. It stands open for
// reading only: see [durable.WithoutForks].
type arrival struct {
	store *Store
	at    location
	path  string
	file  *os.File // for reading: what a Staged keeps
	sha1  hash.Hash
	sha2  hash.Hash
}

// newArrival makes the file. It is locked before the store's own lock is released,
// so that no Recover ever sees it without an owner.
func (s *Store) newArrival(ctx context.Context, at location) (*arrival, error) {
	unlock, err := s.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	dir := s.layout.intakeDir(at)
	a := &arrival{store: s, at: at, path: filepath.Join(dir, unverifiedName(at.name)), sha1: sha1.New(), sha2: sha256.New()}
	err = s.disk.Do(durable.Step{Op: durable.Create, Path: a.path}, func() (err error) {
		a.file, err = createForReading(a.path)
		return err
	})
	if err != nil {
		return nil, advise(err, dir)
	}
	// A filesystem without flock only loses the tidying after a crash.
	if err := tryLock(a.file, shared); err != nil && errors.Is(err, errWouldBlock) {
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
	return a.store.layout.stand(ctx, a, digest, size)
}

// intakeDir is the state directory when a rename leads from there to the target.
func (s binary) intakeDir(at location) string {
	if sameMount(s.dir, at.dir) {
		return s.dir
	}
	return at.dir
}

// stand gives a binary its place, executable.
func (s binary) stand(_ context.Context, a *arrival, digest release.Digest, size int64) (*Staged, error) {
	if err := a.seal(); err != nil {
		return nil, advise(err, filepath.Dir(a.path))
	}
	if err := a.settle(digest); err != nil {
		return nil, advise(err, a.at.dir)
	}
	return &Staged{
		store:  s.Store,
		target: a.at.path,
		path:   a.path,
		digest: digest,
		id:     hex.EncodeToString(a.sha1.Sum(nil)),
		size:   size,
		file:   a.file,
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

// take hashes one piece and writes it, at the same time, with a descriptor that no
// child can get.
func (a *arrival) take(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	var hashes sync.WaitGroup
	hashes.Go(func() { a.sha1.Write(data) })
	hashes.Go(func() { a.sha2.Write(data) })
	defer hashes.Wait()
	return durable.WithoutForks(func() error {
		w, err := openAppend(a.path)
		if err != nil {
			return err
		}
		if err := a.isOurs(w); err != nil {
			return errors.Join(err, w.Close())
		}
		_, err = w.Write(data)
		return errors.Join(err, w.Close())
	})
}

// isOurs reports whether w is the file that was made at the beginning.
func (a *arrival) isOurs(w *os.File) error {
	x, err := w.Stat()
	if err != nil {
		return err
	}
	y, err := a.file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(x, y) {
		return fmt.Errorf("%w: %q is another file now: find out who writes there", ErrChanged, a.path)
	}
	return nil
}

// seal makes the file executable and flushes it. The descriptor was opened
// before the first write, so that the flush reports what failed in any of them.
func (a *arrival) seal() error {
	if err := a.store.share(a.store.disk, a.file, a.path, a.at); err != nil {
		return err
	}
	return a.flush()
}

func (a *arrival) flush() error {
	return a.store.disk.Do(durable.Step{Op: durable.Sync, Path: a.path}, a.file.Sync)
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
	a.file.Close() // only read
	os.Remove(a.path)
}
