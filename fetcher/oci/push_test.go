package oci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/oci"
	"github.com/seed-3d078585/overseer/release"
)

func TestPush(t *testing.T) {
	s := start(t)
	tp := &tap{RoundTripper: s.Transport}
	o := s.options()
	tapped(tp)(&o)
	progress := map[string][2]int64{}
	o.Progress = func(name string, done, total int64) {
		if done < progress[name][0] || done > total {
			t.Errorf("progress of %q: %d of %d after %d", name, done, total, progress[name][0])
		}
		progress[name] = [2]int64{done, total}
	}
	from := tree(t, 2)
	got, err := oci.Push(t.Context(), from, o)
	if err != nil {
		t.Fatal(err)
	}
	names := sent(from)
	var total int64
	for _, name := range names {
		total += int64(len(from[name].Data))
		if n := int64(len(from[name].Data)); progress[name] != [2]int64{n, n} {
			t.Errorf("the progress of %q ended at %v; want %d", name, progress[name], n)
		}
	}
	if got.Files != len(names) || got.Kept != 0 || got.Bytes != total {
		t.Fatalf("Push = %+v; want %d files of %d bytes", got, len(names), total)
	}
	asked := tp.take()
	if last := asked[len(asked)-1]; last != "PUT /v2/team/app/manifests/stable" {
		t.Fatalf("the last request is %q; want the tag", last)
	}
	for i, request := range asked[:len(asked)-1] {
		if strings.Contains(request, "PUT /v2/team/app/manifests/") && i < len(asked)-3 {
			t.Fatalf("the artifact was sent as request %d of %q; want it after all files", i, asked)
		}
	}
	checkArtifact(t, s, got, from, names)

	again, err := oci.Push(t.Context(), from, o)
	if err != nil || again.Files != 0 || again.Kept != len(names) || again.Digest != got.Digest {
		t.Fatalf("Push again = %+v, %v; want all %d kept, and %s", again, err, len(names), got.Digest)
	}
	for _, request := range tp.take() {
		if strings.HasPrefix(request, "POST ") {
			t.Fatalf("a file was sent again: %s", request)
		}
	}
}

// checkArtifact reads the image manifest as any other client sees it.
func checkArtifact(t *testing.T, s *server, got oci.Sent, from fstest.MapFS, names []string) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/v2/team/app/manifests/stable", nil)
	req.SetBasicAuth(user, password)
	req.Header.Set("Accept", ocispec.MediaTypeImageManifest)
	res, err := (&http.Client{Transport: s.Transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var m ocispec.Manifest
	if err := json.NewDecoder(res.Body).Decode(&m); err != nil {
		t.Fatal(err)
	}
	if m.ArtifactType != oci.ArtifactType || m.MediaType != ocispec.MediaTypeImageManifest || res.Header.Get("Docker-Content-Digest") != got.Digest.String() {
		t.Fatalf("the tag leads to %s, a %q of the type %q", res.Header.Get("Docker-Content-Digest"), m.MediaType, m.ArtifactType)
	}
	if m.Annotations[ocispec.AnnotationVersion] != "1.2.0" || m.Annotations[ocispec.AnnotationCreated] != "2026-01-02T03:04:05Z" {
		t.Errorf("its annotations are %q", m.Annotations)
	}
	types := map[string]string{}
	for _, layer := range m.Layers {
		name := layer.Annotations[ocispec.AnnotationTitle]
		types[name] = layer.MediaType
		if layer.Size != int64(len(from[name].Data)) {
			t.Errorf("%q has %d bytes; want %d", name, layer.Size, len(from[name].Data))
		}
	}
	for _, name := range names {
		want := oci.TypeSignatures
		switch {
		case strings.HasPrefix(name, "programs/"):
			want = oci.TypeProgram
		case strings.HasPrefix(name, "deltas/"):
			want = oci.TypeDelta
		case name == "keys.json":
			want = oci.TypeKeys
		case name == "stable.json":
			want = oci.TypeManifest
		}
		if types[name] != want {
			t.Errorf("%q has the media type %q; want %q", name, types[name], want)
		}
	}
	if len(types) != len(names) {
		t.Errorf("the artifact has the files %q; want %q", types, names)
	}
}

func TestPushRefused(t *testing.T) {
	s := start(t)
	for _, row := range []struct {
		name   string
		change func(fstest.MapFS, *oci.Options)
		match  error
		says   string
	}{
		{"no manifest", func(from fstest.MapFS, o *oci.Options) { o.Tag = "beta" }, fs.ErrNotExist, "beta.json"},
		{"a broken manifest", func(from fstest.MapFS, o *oci.Options) { from["stable.json"].Data = []byte("{") }, release.ErrFormat, "stable.json"},
		{"a missing program", func(from fstest.MapFS, o *oci.Options) { delete(from, program1(from)) }, fs.ErrNotExist, "programs/"},
		{"another program", func(from fstest.MapFS, o *oci.Options) { from[program1(from)].Data[0]++ }, nil, "the manifest says"},
		{"a wrong password", func(from fstest.MapFS, o *oci.Options) { o.Password = "wrong" }, nil, "401"},
		{"a bad tag", func(from fstest.MapFS, o *oci.Options) { o.Tag = "a b" }, nil, "Tag"},
		{"two tags", func(from fstest.MapFS, o *oci.Options) { o.Tag, o.Reference = "stable", repository+":beta" }, nil, "give one"},
	} {
		t.Run(row.name, func(t *testing.T) {
			from, o := tree(t, 1), s.options()
			row.change(from, &o)
			_, err := oci.Push(t.Context(), from, o)
			if err == nil || row.match != nil && !errors.Is(err, row.match) || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("Push: %v; want an error that matches %v and says %q", err, row.match, row.says)
			}
			if strings.Contains(err.Error(), password) {
				t.Fatalf("the error has the password: %v", err)
			}
		})
	}
	if _, err := s.place(t).Open(t.Context(), fetcher.Want{Name: "stable.json"}); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Open after pushes that failed: %v; want fs.ErrNotExist", err)
	}
}

func program1(from fstest.MapFS) string {
	for name := range from {
		if strings.HasPrefix(name, "programs/") {
			return name
		}
	}
	return ""
}

// A push that breaks off leaves the tag where it was, and goes on where it
// stopped.
func TestPushFails(t *testing.T) {
	s := start(t)
	if _, err := oci.Push(t.Context(), tree(t, 1), s.options()); err != nil {
		t.Fatal(err)
	}
	p := s.place(t)
	_, before := read(t, p, fetcher.Want{Name: "stable.json"})
	errDown := errors.New("down")
	for _, fails := range []string{"PUT /v2/team/app/blobs/uploads/", "PUT /v2/team/app/manifests/sha256:", "PUT /v2/team/app/manifests/stable"} {
		t.Run(fails, func(t *testing.T) {
			tp := &tap{RoundTripper: s.Transport, before: func(req *http.Request) error {
				if strings.HasPrefix(req.Method+" "+req.URL.Path, fails) {
					return errDown
				}
				return nil
			}}
			o := s.options()
			tapped(tp)(&o)
			if _, err := oci.Push(t.Context(), tree(t, 2), o); !errors.Is(err, errDown) {
				t.Fatalf("Push: %v; want %v", err, errDown)
			}
			if _, now := read(t, p, fetcher.Want{Name: "stable.json"}); !bytes.Equal(now, before) {
				t.Fatal("the manifest is another one after a push that failed")
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := oci.Push(ctx, tree(t, 2), s.options()); !errors.Is(err, context.Canceled) {
		t.Fatalf("Push: %v; want context.Canceled", err)
	}
}

// A file is sent again where the registry could not take it.
func TestPushTriesAgain(t *testing.T) {
	s := start(t)
	n := 0
	tp := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
		if req.Method == http.MethodPut {
			if n++; n == 1 {
				res.StatusCode, res.Body = http.StatusBadGateway, io.NopCloser(strings.NewReader(""))
			}
		}
		return res, nil
	}}
	o := s.options()
	tapped(tp)(&o)
	o.Attempts = 2
	if _, err := oci.Push(t.Context(), tree(t, 1), o); err != nil {
		t.Fatalf("Push with one bad answer: %v", err)
	}
}

// Any client of artifacts brings the files of a release.
func TestPulledByOthers(t *testing.T) {
	s := start(t)
	from := tree(t, 2)
	if _, err := oci.Push(t.Context(), from, s.options()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	to, err := file.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := oras.Copy(t.Context(), s.repository(t), "stable", to, "stable", oras.DefaultCopyOptions); err != nil {
		t.Fatal(err)
	}
	for _, name := range sent(from) {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, from[name].Data) {
			t.Errorf("%q: %d bytes, %v; want %d", name, len(got), err, len(from[name].Data))
		}
	}
}
