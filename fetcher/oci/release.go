package oci

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"

	"github.com/seed-3d078585/overseer/release"
)

// A file is what becomes a layer.
type file struct {
	name      string
	mediaType string
	size      int64          // -1 where the manifest does not state it
	digest    release.Digest // zero where the manifest does not state it
}

// listed is what the manifest of a channel leads to, the manifest first, and the
// rest in an order that is the same each time.
type listed struct {
	manifest release.Manifest
	files    []file
}

// list reads the manifest of a channel. Programs and deltas have to be there;
// signatures and a key list may be.
func list(from fs.FS, manifestName string) (*listed, error) {
	data, err := readBounded(from, manifestName, release.MaxManifest)
	if err != nil {
		return nil, err
	}
	l := &listed{}
	if l.manifest, err = release.ParseManifest(data); err != nil {
		return nil, fmt.Errorf("%q: %w", manifestName, err)
	}
	l.files = []file{{manifestName, TypeManifest, int64(len(data)), sha256.Sum256(data)}}
	signed := map[string][]byte{manifestName: data}
	switch keys, err := readBounded(from, keysName, release.MaxKeys); {
	case err == nil:
		l.files = append(l.files, file{keysName, TypeKeys, int64(len(keys)), sha256.Sum256(keys)})
		signed[keysName] = keys
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		for _, signature := range []string{fmt.Sprintf("signatures/%x.minisig", sha256.Sum256(signed[name])), name + ".minisig"} {
			switch _, err := fs.Stat(from, signature); {
			case err == nil:
				l.files = append(l.files, file{name: signature, mediaType: TypeSignatures, size: -1})
			case !errors.Is(err, fs.ErrNotExist):
				return nil, err
			}
		}
	}
	return l, l.programs()
}

// programs adds the programs and the deltas that lie beside the manifest.
func (l *listed) programs() error {
	all := map[string]file{}
	add := func(f file, urls []string) error {
		for _, url := range urls {
			if !release.IsRelative(url) {
				continue
			}
			f.name = url
			if before, ok := all[url]; ok && before != f {
				return fmt.Errorf("the manifest says two things of %q", url)
			}
			all[url] = f
		}
		return nil
	}
	for _, a := range l.manifest.Artifacts {
		program := file{mediaType: TypeProgram, size: a.Size, digest: a.Digest}
		if a.Packing != release.NotPacked {
			program.size, program.digest = a.PackedSize, a.PackedDigest
		}
		if err := add(program, a.URLs); err != nil {
			return err
		}
		for _, d := range a.Deltas {
			if err := add(file{mediaType: TypeDelta, size: d.Size, digest: d.Digest}, d.URLs); err != nil {
				return err
			}
		}
	}
	for _, f := range l.files {
		if _, ok := all[f.name]; ok {
			return fmt.Errorf("the manifest names %q as a program", f.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		l.files = append(l.files, all[name])
	}
	return nil
}

// readBounded reads a small file.
func readBounded(from fs.FS, name string, limit int64) ([]byte, error) {
	f, err := from.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%q has more than the %d bytes allowed", name, limit)
	}
	return data, nil
}
