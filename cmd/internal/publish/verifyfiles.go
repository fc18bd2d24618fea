package publish

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// artifact checks all copies of a program and all deltas to it.
func (v *verifier) artifact(ctx context.Context, what string, a release.Artifact) {
	for _, name := range a.URLs {
		found, err := v.copyOf(ctx, what, name, a)
		if err != nil {
			v.bad(what+" "+name, err)
			continue
		}
		v.good(what+" "+name, "%s", found)
	}
	for _, one := range a.Deltas {
		for _, name := range one.URLs {
			found, err := v.delta(ctx, name, one, a)
			if err != nil {
				v.bad(what+" "+name, err)
				continue
			}
			v.good(what+" "+name, "%s", found)
		}
	}
}

// copyOf reads one copy of a program, packed as it is.
func (v *verifier) copyOf(ctx context.Context, what, name string, a release.Artifact) (string, error) {
	found, err := v.open(ctx, name)
	if err != nil {
		return "", err
	}
	defer found.Body.Close()
	size, digest := a.PackedSize, a.PackedDigest
	if a.Packing == release.NotPacked {
		size, digest = a.Size, a.Digest
	}
	done, end := v.Work("verify "+what, size)
	defer end()
	packed := &hashed{r: io.LimitReader(bound(ctx, found.Body), size+1), hash: sha256.New(), done: done}
	program, err := unpackAs(a.Packing, packed)
	if err != nil {
		return "", err
	}
	if program != nil {
		if err := v.same(program, a.Size, a.Digest); err != nil {
			return "", err
		}
	}
	if _, err := io.Copy(io.Discard, packed); err != nil { // what is left behind the end
		return "", err
	}
	if packed.n != size || packed.sum() != digest {
		return "", fmt.Errorf("it has %d bytes and the digest %s; the manifest says %d and %s", packed.n, packed.sum().Short(), size, digest.Short())
	}
	if program == nil {
		return fmt.Sprintf("%d bytes, %s; a %s is not looked into", size, digest.Short(), a.Packing), nil
	}
	return fmt.Sprintf("%d bytes, %s", a.Size, a.Digest.Short()), nil
}

// open opens a file of the place, or of another web server that a manifest names.
func (v *verifier) open(ctx context.Context, name string) (*fetcher.Found, error) {
	if release.IsRelative(name) {
		return v.place.Open(ctx, fetcher.Want{Name: name})
	}
	u, err := url.Parse(name)
	if err != nil {
		return nil, err
	}
	dir, file := path.Split(u.Path)
	u.Path, u.RawPath = dir, ""
	return fetcher.Web(u.String(), fetcher.WebOptions{}).Open(ctx, fetcher.Want{Name: file})
}

func (v *verifier) same(r io.Reader, size int64, digest release.Digest) error {
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(r, size+1))
	if err != nil {
		return err
	}
	if got := release.Digest(hash.Sum(nil)); n != size || got != digest {
		return fmt.Errorf("the program has %d bytes (or more) and the digest %s; the manifest says %d and %s", n, got.Short(), size, digest.Short())
	}
	return nil
}

// unpackAs returns nil for what is an archive or of a packing that this command
// does not make.
func unpackAs(p release.Packing, r io.Reader) (io.Reader, error) {
	switch p {
	case release.NotPacked:
		return r, nil
	case release.Gzip:
		return gzip.NewReader(r)
	case release.Zstd:
		dec, err := unpacker(r)
		if err != nil {
			return nil, err
		}
		return dec.IOReadCloser(), nil
	}
	return nil, nil
}

// delta reads a patch, and applies it where it can.
func (v *verifier) delta(ctx context.Context, name string, one release.Delta, to release.Artifact) (string, error) {
	found, err := v.open(ctx, name)
	if err != nil {
		return "", err
	}
	defer found.Body.Close()
	patch, err := readAll(found.Body, name, one.Size)
	if err != nil {
		return "", err
	}
	if int64(len(patch)) != one.Size || digestOf(patch) != one.Digest {
		return "", fmt.Errorf("it has %d bytes and the digest %s; the manifest says %d and %s", len(patch), digestOf(patch).Short(), one.Size, one.Digest.Short())
	}
	old, err := v.base(ctx, one.From)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Sprintf("%d bytes; not applied, as the program %s is not here", one.Size, one.From.Short()), nil
	}
	if err != nil {
		return "", fmt.Errorf("the program that it starts from: %w", err)
	}
	r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), one.Size, to.Size)
	if err != nil {
		return "", err
	}
	defer r.Close()
	if err := v.same(bound(ctx, r), to.Size, to.Digest); err != nil {
		return "", fmt.Errorf("applied to %s: %w", one.From.Short(), err)
	}
	return fmt.Sprintf("%d bytes, from %s", one.Size, one.From.Short()), nil
}

// base is the program that a delta starts from, where this place still has it.
func (v *verifier) base(ctx context.Context, digest release.Digest) ([]byte, error) {
	found, err := v.place.Open(ctx, fetcher.Want{Name: programName(digest)})
	if err != nil {
		return nil, err
	}
	defer found.Body.Close()
	dec, err := unpacker(bound(ctx, found.Body))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	data, err := readAll(dec, programName(digest), MaxProgram)
	if err == nil && digestOf(data) != digest {
		err = fmt.Errorf("its bytes are those of %s", digestOf(data).Short())
	}
	return data, err
}

// A hashed reader knows what went through it.
type hashed struct {
	r    io.Reader
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	n    int64
	done func(int64)
}

func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	h.hash.Write(p[:n])
	h.n += int64(n)
	h.done(h.n)
	return n, err
}

func (h *hashed) sum() release.Digest { return release.Digest(h.hash.Sum(nil)) }
