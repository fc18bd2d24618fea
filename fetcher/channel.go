package fetcher

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// A channel follows one manifest at a place, for the sources that have one:
//
//	manifest, by its version -> unchanged and taken: nothing new
//	                        \-> keys -> signatures -> offered, until it is taken
//
// The signatures are found by the digest of what they sign, so that those of one
// manifest are never joined to another.
type channel struct {
	place    Place
	name     string // of the manifest
	flat     bool   // the place has no folders
	platform string
	abroad   wire // for URLs that are not relative: without the caller's header
	max      int64
	noDelta  bool
	host     Host

	known statement
	avoid avoided

	mu    sync.Mutex
	taken release.Digest // of the manifest that the consumer is done with
}

// A statement is what the last look at a channel brought.
type statement struct {
	manifest, signatures, keys, keysSignatures small

	digest   release.Digest // of the manifest
	artifact release.Artifact
	bad      error // why there is no artifact
}

// A small file is one that is read whole. version is empty where it is to be
// read again.
type small struct {
	name, version string
	data          []byte
}

// lookTimeout bounds one look at a channel: a few small files.
const lookTimeout = 2 * time.Minute

// keysName is the key list of all channels in a directory.
const keysName = "keys.json"

// fetch looks at the channel and offers what was not taken yet.
func (c *channel) fetch(ctx context.Context) (io.Reader, error) {
	err := c.look(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetch the manifest %s: %w", c.source(), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known.digest == c.taken {
		return nil, nil
	}
	return c.offer(ctx), nil
}

func (c *channel) source() string { return c.place.String() + "/" + c.name }

// beside is the name of what lies beside the manifest.
func (c *channel) beside(name string) string {
	if c.flat {
		name = path.Base(name)
	}
	return path.Join(path.Dir(c.name), name)
}

// look brings known up to date.
func (c *channel) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, lookTimeout, errStalled(lookTimeout))
	defer cancel()
	manifest, err := c.read(ctx, c.name, release.MaxManifest, c.known.manifest)
	if err != nil {
		return err
	}
	digest := release.Digest(sha256.Sum256(manifest.data))
	if digest != c.known.digest {
		c.avoid.forget()
		next := statement{digest: digest, keys: c.known.keys, keysSignatures: c.known.keysSignatures}
		next.artifact, next.bad = artifactOf(manifest.data, c.platform)
		c.known = next
	}
	c.known.manifest = manifest
	if digest == c.takenDigest() {
		return nil
	}
	return c.prove(ctx)
}

func (c *channel) takenDigest() release.Digest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

func artifactOf(manifest []byte, platform string) (release.Artifact, error) {
	m, err := release.ParseManifest(manifest)
	if err != nil {
		return release.Artifact{}, err
	}
	a, ok := m.Artifacts[platform]
	if !ok {
		return release.Artifact{}, fmt.Errorf("release %s has no program for %s", m.Version, platform)
	}
	return a, nil
}

// prove brings what is said to prove the manifest. Nothing of that has to be
// there: whether it is enough is for a policy to say.
func (c *channel) prove(ctx context.Context) (err error) {
	k := &c.known
	if k.keys, err = c.optional(ctx, keysName, release.MaxKeys, k.keys); err != nil {
		return err
	}
	if k.keys.data != nil {
		digest := release.Digest(sha256.Sum256(k.keys.data))
		if k.keysSignatures, err = c.signatures(ctx, digest, keysName, k.keysSignatures); err != nil {
			return err
		}
	} else {
		k.keysSignatures = small{}
	}
	k.signatures, err = c.signatures(ctx, k.digest, path.Base(c.name), k.signatures)
	return err
}

// signatures over a file are found by its digest, or else by its name.
func (c *channel) signatures(ctx context.Context, digest release.Digest, name string, have small) (small, error) {
	found, err := c.optional(ctx, "signatures/"+digest.String()+".minisig", release.MaxSignatures, have)
	if err != nil || found.data != nil {
		return found, err
	}
	return c.optional(ctx, name+".minisig", release.MaxSignatures, have)
}

// optional reads a file that lies beside the manifest, if it is there.
func (c *channel) optional(ctx context.Context, name string, limit int64, have small) (small, error) {
	found, err := c.read(ctx, c.beside(name), limit, have)
	if err != nil && isMissing(err) {
		return small{}, nil
	}
	return found, err
}

// read returns have where the file is still that.
func (c *channel) read(ctx context.Context, name string, limit int64, have small) (small, error) {
	if have.name != name {
		have = small{}
	}
	found, err := c.place.Open(ctx, Want{Name: name, Unless: have.version})
	if have.version != "" && errors.Is(err, ErrNotModified) {
		return have, nil
	}
	if err != nil {
		return small{}, err
	}
	defer found.Body.Close()
	data, err := io.ReadAll(&bounded{found.Body, limit, fmt.Errorf("%q has more than the %d bytes allowed", name, limit)})
	switch {
	case err != nil:
		return small{}, err
	case found.Offset != 0 || found.Size >= 0 && found.Size != int64(len(data)):
		return small{}, fmt.Errorf("%q has %d bytes and %d came: %w", name, found.Size, len(data), io.ErrUnexpectedEOF)
	}
	return small{name: name, version: found.Version, data: data}, nil
}

// offer makes the reader of what is known.
func (c *channel) offer(ctx context.Context) io.Reader {
	k := c.known
	ctx, stop := context.WithCancelCause(ctx)
	body := &artifactBody{
		ctx: ctx, stop: stop, artifact: k.artifact, bad: k.bad,
		open: c.open, avoid: &c.avoid,
		installed: c.host.Installed, scratch: c.host.Scratch, max: c.max, noDelta: c.noDelta,
	}
	return &offer{
		body: body,
		stop: body.interrupt,
		about: release.Candidate{
			Source: c.source(), Size: k.artifact.Size, Digest: k.artifact.Digest,
			Statement: &release.Statement{
				Manifest: k.manifest.data, Signatures: k.signatures.data,
				Keys: k.keys.data, KeysSignatures: k.keysSignatures.data,
			},
		},
		remember: func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.taken = k.digest
		},
	}
}

// open gets what a manifest names.
func (c *channel) open(ctx context.Context, u string, offset int64) (*Found, error) {
	if release.IsRelative(u) {
		return c.place.Open(ctx, Want{Name: c.beside(u), Offset: offset})
	}
	at, err := url.Parse(u)
	if err != nil {
		return nil, plain(err)
	}
	return c.abroad.open(ctx, u, nil, Want{Name: at.Path, Offset: offset})
}
