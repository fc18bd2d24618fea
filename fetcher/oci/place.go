package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"sync"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/seed-3d078585/overseer/fetcher"
)

const imageManifest = ocispec.MediaTypeImageManifest

// A Place is the files of a release that a tag leads to. It is made by [New],
// and is safe for concurrent use.
type Place struct {
	repo     *remote.Repository
	tag      string
	stall    time.Duration
	attempts int

	mu     sync.Mutex
	pinned *artifact // that the tag led to when it was looked at last
}

// String names the registry, the repository and the tag.
func (p *Place) String() string {
	return "oci://" + p.repo.Reference.Registry + "/" + p.repo.Reference.Repository + ":" + p.tag
}

// Open opens a file. That of a channel's manifest looks where the tag leads to,
// and its version is the digest of the artifact; the other files are those of the
// artifact that was found then, and their version is their own digest.
//
// Give each source a place of its own: the moment is that at which anybody opened
// a manifest of this place last.
//
// An artifact that the tag leads to no more may lose its files when the registry
// collects its garbage; they are [fs.ErrNotExist] then, until the manifest is
// opened again.
//
// Errors that can be matched: [fs.ErrNotExist], [fetcher.ErrNotModified],
// [fetcher.ErrChanged], *[fetcher.StatusError], *[fetcher.RetryAfterError].
func (p *Place) Open(ctx context.Context, want fetcher.Want) (*fetcher.Found, error) {
	if !fs.ValidPath(want.Name) || want.Name == "." {
		return nil, fmt.Errorf("open %q in %v: %w", want.Name, p, fs.ErrInvalid)
	}
	ctx, lift, cancel := bounded(ctx)
	found, err := p.open(ctx, cancel, want)
	lift()
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("open %q in %v: %w", want.Name, p, err)
	}
	return found, nil
}

func (p *Place) open(ctx context.Context, cancel context.CancelCauseFunc, want fetcher.Want) (*fetcher.Found, error) {
	a, err := p.artifact(ctx, want)
	if err != nil {
		return nil, err
	}
	file, ok := a.files[want.Name]
	if !ok && isManifest(want.Name) {
		return nil, fmt.Errorf("%w: the tag %q has no such manifest; the tag is the name of the channel", fs.ErrNotExist, p.tag)
	}
	if !ok {
		return nil, fs.ErrNotExist
	}
	version := file.Digest
	if isManifest(want.Name) {
		version = a.digest
	}
	switch {
	case want.Unless == version.String():
		return nil, fetcher.ErrNotModified
	case want.Version != "" && want.Version != version.String():
		return nil, fmt.Errorf("it was %.80s and is %s: %w", want.Version, version, fetcher.ErrChanged)
	case want.Offset > file.Size:
		return nil, fmt.Errorf("it has %d bytes, and was asked for from %d on: %w", file.Size, want.Offset, fetcher.ErrChanged)
	}
	body, offset, err := p.blob(ctx, cancel, file, want.Offset)
	if err != nil {
		return nil, err
	}
	return &fetcher.Found{Body: body, Offset: offset, Size: file.Size, Version: version.String()}, nil
}

// artifact is what the tag leads to now, for a manifest, and else what it led to
// when it was looked at last.
func (p *Place) artifact(ctx context.Context, want fetcher.Want) (*artifact, error) {
	p.mu.Lock()
	pinned := p.pinned
	p.mu.Unlock()
	if pinned != nil && !isManifest(want.Name) {
		return pinned, nil
	}
	target, err := p.resolve(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case want.Unless == target.Digest.String():
		return nil, fetcher.ErrNotModified
	case pinned != nil && pinned.digest == target.Digest:
		return pinned, nil
	}
	found, err := p.load(ctx, target)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pinned = found
	return found, nil
}

// resolve asks where the tag leads to: with HEAD, and with GET where a registry
// does not say it to HEAD.
func (p *Place) resolve(ctx context.Context) (ocispec.Descriptor, error) {
	noted, seen := withNote(ctx)
	target, err := p.repo.Resolve(noted, p.tag)
	if err == nil {
		return target, nil
	}
	if seen.status == http.StatusOK {
		var raw io.ReadCloser
		if target, raw, err = p.repo.FetchReference(noted, p.tag); err == nil {
			return target, raw.Close()
		}
	}
	return target, p.failure(ctx, err, seen)
}

// load reads an artifact, and proves that it is that of its digest.
func (p *Place) load(ctx context.Context, target ocispec.Descriptor) (*artifact, error) {
	if target.Size > maxArtifact {
		return nil, fmt.Errorf("the tag leads to %s of %d bytes, more than the %d allowed", target.Digest, target.Size, maxArtifact)
	}
	noted, seen := withNote(ctx)
	data, err := content.FetchAll(noted, p.repo.Manifests(), target)
	if err != nil {
		return nil, p.failure(ctx, err, seen)
	}
	return readArtifact(target.Digest, data)
}

var errNoTag = errors.New("the registry has no such repository, tag or file")
