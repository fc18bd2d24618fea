package fetcher

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// An artifactBody yields the program that a manifest names, by a delta or
// whole:
//
//	delta -> it failed, and no byte was handed out -> whole
//	     \-> it failed later: the Read fails with ErrAgain, and the next fetch
//	         is of the whole
//	whole -> other bytes came, and another mirror is left: as above
//
// Nothing that the manifest says is followed before the first Read. io.EOF
// follows the right bytes only.
type artifactBody struct {
	ctx      context.Context
	stop     context.CancelCauseFunc
	artifact release.Artifact
	bad      error // why there is no artifact to read

	open      func(ctx context.Context, url string, offset int64) (*Found, error)
	avoid     *avoided
	installed func(context.Context) (Installed, error)
	scratch   string
	max       int64
	noDelta   bool

	now io.ReadCloser
	sum hash.Hash // nil: now proves what it yields
	got int64

	mu      sync.Mutex
	remarks []string
}

func (b *artifactBody) Read(p []byte) (int, error) {
	if b.bad != nil {
		return 0, b.bad
	}
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	for {
		n, err := b.read(p)
		if err == nil || err == io.EOF {
			b.got += int64(n)
			return n, err
		}
		b.end()
		if b.ctx.Err() != nil {
			return 0, context.Cause(b.ctx)
		}
		again := b.learn(err)
		if !again || b.got > 0 {
			return 0, b.failed(err, again)
		}
		b.remark(err)
	}
}

// read begins where nothing is under way, and checks the program at its end.
func (b *artifactBody) read(p []byte) (int, error) {
	if b.now == nil {
		if err := b.begin(); err != nil {
			return 0, err
		}
	}
	n, err := b.now.Read(p)
	if b.sum == nil {
		return n, err
	}
	b.sum.Write(p[:n])
	got := b.got + int64(n)
	if err != nil && err != io.EOF || got <= b.artifact.Size && err == nil {
		return n, err
	}
	digest := release.Digest(b.sum.Sum(nil))
	if got == b.artifact.Size && digest == b.artifact.Digest {
		return n, io.EOF
	}
	err = fmt.Errorf("%d bytes came of SHA-256 %s, the manifest names %d of %s", got, digest, b.artifact.Size, b.artifact.Digest)
	if d, ok := b.now.(*deltaReader); ok {
		return 0, d.failed(err)
	}
	return 0, fmt.Errorf("%w, though the packed file was right; it has to be published again", err)
}

func (b *artifactBody) begin() (err error) {
	if a := b.artifact; a.Size > b.max || a.PackedSize > b.max {
		return fmt.Errorf("a program of %d bytes, %d packed: %w", a.Size, a.PackedSize, ErrTooLarge)
	}
	b.sum = sha256.New()
	b.now, err = b.delta()
	if err == errNoDelta {
		b.now, err = b.whole()
		if b.artifact.Packing == release.NotPacked {
			b.sum = nil // the mirrors compare the same digest
		}
	}
	return err
}

// learn remembers what a failure says, and reports whether there is another way.
func (b *artifactBody) learn(err error) bool {
	if d, ok := errors.AsType[*deltaError](err); ok {
		b.noDelta = true // for this reader
		if d.lasting {
			b.avoid.blameDelta(d.patch)
		}
		return true
	}
	return errors.Is(err, ErrAgain)
}

// failed is the error of the Read.
func (b *artifactBody) failed(err error, again bool) error {
	if !again {
		return err
	}
	b.avoid.hurry()
	if _, ok := errors.AsType[*deltaError](err); ok {
		return fmt.Errorf("%w; the whole program comes next: %w", err, ErrAgain)
	}
	return err
}

func (b *artifactBody) remark(err error) {
	text := err.Error()
	if _, ok := errors.AsType[*deltaError](err); ok {
		text += "; the whole program is fetched instead"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remarks = append(b.remarks, text)
}

// Remarks may be called at any time.
func (b *artifactBody) Remarks() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.remarks...)
}

func (b *artifactBody) end() {
	if b.now != nil {
		b.now.Close() // only read
		b.now = nil
	}
}

// interrupt ends a Read that is under way.
func (b *artifactBody) interrupt() { b.stop(os.ErrClosed) }

func (b *artifactBody) Close() error {
	b.end()
	b.stop(os.ErrClosed)
	return nil
}
