package oci_test

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/fetchertest"
	"github.com/seed-3d078585/overseer/fetcher/oci"
)

// repository is the one of the tests, as another client sees it.
func (s *server) repository(t *testing.T) *remote.Repository {
	t.Helper()
	repo, err := remote.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	repo.PlainHTTP = true
	repo.Client = &auth.Client{
		Client:     &http.Client{Transport: s.Transport},
		Credential: auth.StaticCredential(host, auth.Credential{Username: user, Password: password}),
	}
	return repo
}

// tag makes an artifact of files and moves a tag to it.
func (s *server) tag(t *testing.T, files map[string][]byte) {
	t.Helper()
	repo := s.repository(t)
	var layers []ocispec.Descriptor
	for _, name := range slices.Sorted(maps.Keys(files)) {
		desc := ocispec.Descriptor{
			MediaType: "application/octet-stream", Digest: digest.FromBytes(files[name]), Size: int64(len(files[name])),
			Annotations: map[string]string{ocispec.AnnotationTitle: name},
		}
		if err := repo.Push(t.Context(), desc, bytes.NewReader(files[name])); err != nil {
			t.Fatal(err)
		}
		layers = append(layers, desc)
	}
	target, err := oras.PackManifest(t.Context(), repo, oras.PackManifestVersion1_1, oci.ArtifactType, oras.PackManifestOptions{Layers: layers})
	if err == nil {
		err = repo.Tag(t.Context(), target, "stable")
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPlaceConforms(t *testing.T) {
	fetchertest.TestPlace(t, func(t *testing.T) fetchertest.Shelf {
		s := start(t)
		w := &weather{RoundTripper: s.Transport}
		place := s.place(t, func(o *oci.Options) { o.Client = &http.Client{Transport: w} })
		files := map[string][]byte{}
		return fetchertest.Shelf{
			Place: place,
			Put: func(name string, data []byte) {
				files[name] = data
				s.tag(t, files)
				// The other files are of the moment at which a manifest was
				// opened last.
				if found, err := place.Open(t.Context(), fetcher.Want{Name: "stable.json"}); err == nil {
					found.Body.Close()
				}
			},
			Stall: w.stall,
		}
	})
}
