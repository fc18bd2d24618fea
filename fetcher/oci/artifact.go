package oci

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ArtifactType is that of a release.
const ArtifactType = "application/vnd.overseer.release.v1"

// The media types of the files of a release.
const (
	TypeManifest   = "application/vnd.overseer.manifest.v1+json"
	TypeKeys       = "application/vnd.overseer.keys.v1+json"
	TypeSignatures = "application/vnd.overseer.signatures.v1"
	TypeProgram    = "application/vnd.overseer.program.v1"
	TypeDelta      = "application/vnd.overseer.delta.v1"
)

const keysName = "keys.json"

// isManifest reports whether a name is that of a channel's manifest.
func isManifest(name string) bool {
	return path.Ext(name) == ".json" && !strings.Contains(name, "/") && name != keysName
}

// An artifact is a release as a registry has it. It never changes.
type artifact struct {
	digest digest.Digest
	files  map[string]ocispec.Descriptor
}

// maxArtifact bounds the image manifest: about 300 bytes for each file.
const maxArtifact = 4 << 20

// readArtifact reads the image manifest that a tag leads to.
func readArtifact(of digest.Digest, data []byte) (*artifact, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("%s is no image manifest: %w", of, err)
	}
	if m.ArtifactType != ArtifactType {
		return nil, fmt.Errorf("%s is no release: its artifact type is %.100q and not %q", of, m.ArtifactType, ArtifactType)
	}
	a := &artifact{digest: of, files: map[string]ocispec.Descriptor{}}
	for _, layer := range m.Layers {
		name := layer.Annotations[ocispec.AnnotationTitle]
		switch _, twice := a.files[name]; {
		case !fs.ValidPath(name) || name == ".":
			return nil, fmt.Errorf("%s has a layer with the title %.200q: want the name of a file", of, name)
		case twice:
			return nil, fmt.Errorf("%s has the file %.200q twice", of, name)
		case layer.Digest.Validate() != nil || layer.Size < 0:
			return nil, fmt.Errorf("%s: the file %.200q has the digest %.100q and the size %d", of, name, layer.Digest, layer.Size)
		}
		a.files[name] = layer
	}
	return a, nil
}
