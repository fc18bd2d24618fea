package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/release"
)

const (
	// maxDeltas of one program are far fewer than a manifest may have.
	maxDeltas = 32

	// worthwhile is the share of the packed program that a delta may have: a
	// host that fails with it loads the program besides.
	worthwhile = 0.7
)

// bases are the last programs of a platform that a channel has published, the
// newest first: what most of its hosts are at.
func (s *state) bases(channel, platform string, n int, not release.Digest) (all []release.Artifact) {
	seen := map[release.Digest]bool{not: true}
	for _, m := range s.issued(channel) {
		a, ok := m.Artifacts[platform]
		if !ok || seen[a.Digest] {
			continue
		}
		if len(all) == n {
			break
		}
		seen[a.Digest] = true
		all = append(all, a)
	}
	return all
}

// patch makes the deltas to a program from each of bases. One that stands
// already is taken; one that saves too little is said and left out. in says where
// a new file goes.
func (d *Directory) patch(ctx context.Context, p program, packed int64, bases []release.Artifact, platform string, in func(string) string) (all []release.Delta, err error) {
	for _, base := range bases {
		name := deltaName(base.Digest, p.digest)
		data, fresh, err := d.patchFrom(ctx, p, base, platform, in(name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			d.sayf("%s: no delta from %s: its program is no longer here", platform, base.Digest.Short())
			continue
		case err != nil:
			return nil, fmt.Errorf("delta for %s from %s: %w", platform, base.Digest.Short(), err)
		case float64(len(data)) > worthwhile*float64(packed):
			d.sayf("%s: the delta from %s is left out: it has %d bytes, the packed program %d", platform, base.Digest.Short(), len(data), packed)
			continue
		case fresh:
			if err := d.disk.write(in(name), data); err != nil {
				return nil, err
			}
		}
		all = append(all, release.Delta{From: base.Digest, Size: int64(len(data)), Digest: sha256.Sum256(data), URLs: []string{name}})
	}
	return all, nil
}

// patchFrom returns a delta and whether it was made just now.
func (d *Directory) patchFrom(ctx context.Context, p program, base release.Artifact, platform, target string) (data []byte, fresh bool, err error) {
	name := deltaName(base.Digest, p.digest)
	old, err := d.loadProgram(ctx, base)
	if err != nil {
		return nil, false, err
	}
	for _, place := range []string{name, target} {
		made, err := d.disk.read(place, int64(len(p.bytes)))
		if err == nil && leads(ctx, old, p, made) {
			return made, false, nil
		}
		if err == nil && place == name {
			return nil, false, fmt.Errorf("%w: %s does not lead to its program: remove it, unless a manifest names it", ErrState, name)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	done, end := d.work(fmt.Sprintf("delta %s from %s", platform, base.Digest.Short()), int64(len(p.bytes)))
	defer end()
	progress := delta.WithProgress(func(n, total int64) {
		if total > 0 {
			done(int64(float64(n) / float64(total) * float64(len(p.bytes))))
		}
	})
	var out bytes.Buffer
	if _, err := delta.Diff(ctx, &out, old.bytes, p.bytes, progress); err != nil {
		return nil, false, err
	}
	if !leads(ctx, old, p, out.Bytes()) {
		return nil, false, errors.New("the delta that was made does not lead to the program: please report this")
	}
	return out.Bytes(), true, nil
}

// leads applies a patch as a host does, and compares.
func leads(ctx context.Context, old, p program, patch []byte) bool {
	r, err := delta.NewReader(bytes.NewReader(old.bytes), int64(len(old.bytes)), bytes.NewReader(patch), int64(len(patch)), int64(len(p.bytes)))
	if err != nil {
		return false
	}
	defer r.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, bound(ctx, r))
	return err == nil && release.Digest(hash.Sum(nil)) == p.digest
}
