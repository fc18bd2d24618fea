package oci

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// Sent is what a push has done.
type Sent struct {
	Files  int           // that were sent
	Kept   int           // that were there
	Bytes  int64         // of those that were sent
	Digest digest.Digest // of the artifact that the tag leads to now
}

// Push sends what the manifest of one channel leads to: the manifest itself,
// TAG.json of the release directory, its programs and deltas, the key list, and
// the signatures of both. Programs and deltas have to be what the manifest says
// of them. Files that the registry has are not sent again.
//
// The files are sent first, then the artifact, and then the tag is moved, so that
// a reader finds the release before or this one, and all that it leads to. The
// same holds where the push fails: it can be begun again.
//
// What only earlier releases led to stays in the registry until it collects its
// garbage, and has no name there. The history of a release directory is not
// sent.
//
// Errors that can be matched: *[fetcher.StatusError], *[fetcher.RetryAfterError],
// [fs.ErrNotExist] where a file is missing, [release.ErrFormat].
func Push(ctx context.Context, from fs.FS, o Options) (Sent, error) {
	p, err := New(o)
	if err != nil {
		return Sent{}, err
	}
	u := &push{place: p, from: from, progress: o.Progress}
	if err := u.run(ctx); err != nil {
		return u.sent, fmt.Errorf("push to %v: %w", p, err)
	}
	return u.sent, nil
}

// A push is one call of Push.
type push struct {
	place    *Place
	from     fs.FS
	progress func(name string, done, total int64)
	sent     Sent
}

func (u *push) run(ctx context.Context) error {
	l, err := list(u.from, u.place.tag+".json")
	if err != nil {
		return err
	}
	var layers []ocispec.Descriptor
	for _, f := range l.files {
		layer, err := u.layer(ctx, f)
		if err != nil {
			return fmt.Errorf("%q: %w", f.name, err)
		}
		layers = append(layers, layer)
	}
	return u.tag(ctx, l.manifest, layers)
}

// tag sends the artifact and moves the tag to it.
func (u *push) tag(ctx context.Context, m release.Manifest, layers []ocispec.Descriptor) error {
	repo := u.place.repo
	ctx, lift, cancel := bounded(ctx)
	defer cancel(nil)
	defer lift()
	noted, seen := withNote(ctx)
	target, err := oras.PackManifest(noted, repo, oras.PackManifestVersion1_1, ArtifactType, oras.PackManifestOptions{
		Layers: layers,
		ManifestAnnotations: map[string]string{
			ocispec.AnnotationCreated: m.Issued.UTC().Format(time.RFC3339),
			ocispec.AnnotationVersion: m.Version,
		},
	})
	if err == nil {
		err = repo.Tag(noted, target, u.place.tag)
	}
	if err != nil {
		return fmt.Errorf("the artifact: %w", u.place.failure(ctx, err, seen))
	}
	u.sent.Digest = target.Digest
	return nil
}

// layer sends a file, unless the registry has it.
func (u *push) layer(ctx context.Context, f file) (ocispec.Descriptor, error) {
	sum, size, err := u.sum(ctx, f.name)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if !f.digest.IsZero() && (f.digest != sum || f.size != size) {
		return ocispec.Descriptor{}, fmt.Errorf("it is %s of %d bytes, and the manifest says %s of %d: add the release again", sum, size, f.digest, f.size)
	}
	desc := ocispec.Descriptor{
		MediaType: f.mediaType, Digest: digest.NewDigestFromBytes(digest.SHA256, sum[:]), Size: size,
		Annotations: map[string]string{ocispec.AnnotationTitle: f.name},
	}
	there, err := u.has(ctx, desc)
	if err != nil {
		return desc, err
	}
	if there {
		u.sent.Kept++
	} else {
		if err := u.send(ctx, f.name, desc); err != nil {
			return desc, err
		}
		u.sent.Files++
		u.sent.Bytes += size
	}
	if u.progress != nil {
		u.progress(f.name, size, size)
	}
	return desc, nil
}

func (u *push) sum(ctx context.Context, name string) (sum release.Digest, size int64, err error) {
	f, err := u.from.Open(name)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	h := sha256.New()
	for {
		n, err := io.CopyN(h, f, 1<<20)
		size += n
		switch {
		case ctx.Err() != nil:
			return sum, 0, context.Cause(ctx)
		case err == io.EOF:
			return release.Digest(h.Sum(nil)), size, nil
		case err != nil:
			return sum, 0, err
		}
	}
}

func (u *push) has(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	ctx, lift, cancel := bounded(ctx)
	defer cancel(nil)
	defer lift()
	noted, seen := withNote(ctx)
	there, err := u.place.repo.Blobs().Exists(noted, desc)
	if err != nil {
		return false, u.place.failure(ctx, err, seen)
	}
	return there, nil
}

// send sends a file, again where the registry could not take it. The client
// tries again by itself only what has no body.
func (u *push) send(ctx context.Context, name string, desc ocispec.Descriptor) error {
	for try := 1; ; try++ {
		err := u.once(ctx, name, desc)
		if err == nil || try == u.place.attempts || ctx.Err() != nil || !passes(err) {
			return err
		}
		pause := time.NewTimer(min(time.Duration(try)*time.Second, maxPause))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		}
	}
}

// passes reports whether the cause of a failure may be gone soon.
func passes(err error) bool {
	if _, ok := errors.AsType[*fetcher.RetryAfterError](err); ok {
		return false
	}
	status, ok := errors.AsType[*fetcher.StatusError](err)
	return !errors.Is(err, fs.ErrNotExist) && (!ok || status.Code >= 500)
}

// once sends a file. It is given up where nothing of it goes out for as long as
// a stall and an answer may take together.
func (u *push) once(ctx context.Context, name string, desc ocispec.Descriptor) error {
	f, err := u.from.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := u.place.stall + answerTimeout
	late := time.AfterFunc(stall, func() { cancel(fmt.Errorf("nothing went out for %v: %w", stall, os.ErrDeadlineExceeded)) })
	defer late.Stop()
	noted, seen := withNote(ctx)
	m := &meter{from: f, read: func(done int64) {
		late.Reset(stall)
		if u.progress != nil && done < desc.Size {
			u.progress(name, done, desc.Size)
		}
	}}
	defer m.end() // before the file is closed
	err = u.place.repo.Blobs().Push(noted, desc, m)
	if err != nil {
		return u.place.failure(ctx, err, seen)
	}
	return nil
}

// A meter counts what is read, until its end: the client may still be reading
// when it has returned.
type meter struct {
	mu   sync.Mutex
	from io.Reader // nil after the end
	done int64
	read func(done int64)
}

func (m *meter) Read(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.from == nil {
		return 0, os.ErrClosed
	}
	n, err := m.from.Read(p)
	m.done += int64(n)
	m.read(m.done)
	return n, err
}

func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.from = nil
}
