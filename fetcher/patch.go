package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/release"
)

// errNoDelta says that there is no delta to try. It is told to nobody.
var errNoDelta = errors.New("no delta")

// A deltaError is a delta that led to nothing.
type deltaError struct {
	from, to release.Digest
	err      error
	lasting  bool // trying it again would end the same
	patch    release.Digest
}

func (e *deltaError) Error() string {
	return fmt.Sprintf("the delta from %s to %s failed: %v", e.from.Short(), e.to.Short(), e.err)
}

func (e *deltaError) Unwrap() error { return e.err }

// A deltaReader makes the program of the installed one and a patch.
type deltaReader struct {
	io.ReadCloser
	about     deltaError
	installed Installed
	patch     *scratchFile
}

// delta begins to make the program of the installed one. The error is
// [errNoDelta] or a *deltaError.
func (b *artifactBody) delta() (io.ReadCloser, error) {
	if b.noDelta || b.installed == nil || !slices.ContainsFunc(b.artifact.Deltas, b.worthIt) {
		return nil, errNoDelta
	}
	installed, err := b.installed(b.ctx)
	if err != nil {
		return nil, &deltaError{to: b.artifact.Digest, err: fmt.Errorf("open the installed program: %w", err)}
	}
	if installed.ReaderAt == nil || installed.Closer == nil {
		return nil, errNoDelta
	}
	err = errNoDelta
	if d, ok := b.choose(installed.Digest); ok {
		var r *deltaReader
		if r, err = b.apply(d, installed); err == nil {
			return r, nil
		}
	}
	installed.Close()
	return nil, err
}

// choose returns the smallest delta from a program.
func (b *artifactBody) choose(from release.Digest) (best release.Delta, found bool) {
	for _, d := range b.artifact.Deltas {
		if d.From == from && b.worthIt(d) && (!found || d.Size < best.Size) {
			best, found = d, true
		}
	}
	return best, found
}

// worthIt reports whether a delta is smaller than the whole and has not failed.
func (b *artifactBody) worthIt(d release.Delta) bool {
	whole := b.artifact.PackedSize
	if b.artifact.Packing == release.NotPacked {
		whole = b.artifact.Size
	}
	return d.Size < whole && !b.avoid.delta(d.Digest)
}

func (b *artifactBody) apply(d release.Delta, installed Installed) (*deltaReader, error) {
	about := deltaError{from: d.From, to: b.artifact.Digest, patch: d.Digest}
	patch, err := b.patch(d)
	if err != nil {
		about.err = fmt.Errorf("fetch it: %w", err)
		about.lasting = lasting(b.ctx, err)
		return nil, &about
	}
	r, err := delta.NewReader(installed, installed.Size, patch, d.Size, b.artifact.Size)
	if err != nil {
		patch.Close()
		about.err, about.lasting = err, true
		return nil, &about
	}
	return &deltaReader{r, about, installed, patch}, nil
}

// patch brings a patch to the disk, by one mirror after another.
func (b *artifactBody) patch(d release.Delta) (*scratchFile, error) {
	for {
		m := newMirrors(b.ctx, file{d.URLs, d.Size, d.Digest}, b.avoid, b.open)
		patch, err := spool(b.scratch, m, d.Size)
		m.Close()
		if !errors.Is(err, ErrAgain) {
			return patch, err
		}
	}
}

// lasting reports whether a failure to fetch would come again.
func lasting(ctx context.Context, err error) bool {
	if _, ours := errors.AsType[*scratchError](err); ours || ctx.Err() != nil {
		return false
	}
	gone, ok := errors.AsType[*mirrorsError](err)
	return !ok || !gone.passing
}

func (r *deltaReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = r.failed(err)
	}
	return n, err
}

// failed is for what shows once the patch is applied.
func (r *deltaReader) failed(err error) error {
	about := r.about
	about.err, about.lasting = err, true
	return &about
}

func (r *deltaReader) Close() error {
	return errors.Join(r.ReadCloser.Close(), r.installed.Close(), r.patch.Close())
}
