package fetcher_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ulikunitz/xz"

	"github.com/seed-3d078585/overseer/delta"
	"github.com/seed-3d078585/overseer/release"
)

// A shelf is a directory of releases in memory, and a web server of it that
// remembers what was asked.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
	asked []string
	seq   uint64

	// deny is asked before an answer; true: it has answered.
	deny func(w http.ResponseWriter, r *http.Request) bool
}

func newShelf() *shelf { return &shelf{files: map[string][]byte{}} }

func sum(b []byte) release.Digest { return sha256.Sum256(b) }

// artifact puts a program on the shelf and returns what a manifest says of it.
func (s *shelf) artifact(program []byte, packing release.Packing) release.Artifact {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := release.Artifact{Size: int64(len(program)), Digest: sum(program)}
	packed := program
	if packing != release.NotPacked {
		if packing.Archive() {
			a.Path = "dist/app"
		}
		packed = pack(program, packing, a.Path)
		a.Packing, a.PackedSize, a.PackedDigest = packing, int64(len(packed)), sum(packed)
	}
	name := "programs/" + a.Digest.String() + map[release.Packing]string{
		release.Gzip: ".gz", release.Zstd: ".zst", release.XZ: ".xz", release.Tar: ".tar", release.TarGzip: ".tar.gz",
		release.TarZstd: ".tar.zst", release.TarXZ: ".tar.xz", release.Zip: ".zip",
	}[packing]
	s.files[name] = packed
	a.URLs = []string{name}
	return a
}

// delta puts a patch on the shelf and adds it to an artifact.
func (s *shelf) delta(t *testing.T, a *release.Artifact, old, program []byte) {
	t.Helper()
	var patch bytes.Buffer
	if _, err := delta.Diff(t.Context(), &patch, old, program); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := fmt.Sprintf("deltas/%.16s-%.16s.delta", sum(old), sum(program))
	s.files[name] = patch.Bytes()
	a.Deltas = append(a.Deltas, release.Delta{From: sum(old), Size: int64(patch.Len()), Digest: sum(patch.Bytes()), URLs: []string{name}})
}

// publish names an artifact in the manifest of the channel, with signatures.
func (s *shelf) publish(a release.Artifact, changes ...func(*release.Manifest)) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seq++
	now := time.Now().UTC().Truncate(time.Second)
	m := release.Manifest{
		Format: 1, Product: "app", Channel: "stable", Seq: s.seq, Version: fmt.Sprintf("1.0.%d", s.seq),
		Issued: now, Expires: now.Add(24 * time.Hour), Artifacts: map[string]release.Artifact{release.Platform(): a},
	}
	for _, change := range changes {
		change(&m)
	}
	data, err := m.Encode()
	if err != nil {
		panic(err)
	}
	s.files["signatures/"+sum(data).String()+".minisig"] = []byte("signatures of " + m.Version)
	s.files["stable.json"] = data
	return data
}

func (s *shelf) set(name string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = data
	if data == nil {
		delete(s.files, name)
	}
}

// log returns what was asked since the last call.
func (s *shelf) log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.asked = nil }()
	return s.asked
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	s.mu.Lock()
	data, ok := s.files[name]
	s.asked = append(s.asked, name)
	deny := s.deny
	s.mu.Unlock()
	if deny != nil && deny(w, r) {
		return
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%.16s"`, sum(data)))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// save writes the shelf to a directory, the manifest last and by a rename.
func (s *shelf) save(t *testing.T, dir string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range s.files {
			if name != "stable.json" && !yield(name) {
				return
			}
		}
	}) {
		saveFile(t, dir, name, s.files[name])
	}
	if data, ok := s.files["stable.json"]; ok {
		saveFile(t, dir, "stable.json", data)
	}
}

func saveFile(t *testing.T, dir, name string, data []byte) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at+".fresh", data, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(at+".fresh", at); err != nil {
		t.Fatal(err)
	}
}

func pack(program []byte, packing release.Packing, inside string) []byte {
	switch packing {
	case release.Gzip:
		return gzipped(program)
	case release.Zstd:
		return zstded(program)
	case release.XZ:
		return xzed(program)
	case release.Tar:
		return tarred(program, inside)
	case release.TarGzip:
		return gzipped(tarred(program, inside))
	case release.TarZstd:
		return zstded(tarred(program, inside))
	case release.TarXZ:
		return xzed(tarred(program, inside))
	case release.Zip:
		return zipped(program, inside)
	}
	return program
}

func xzed(b []byte) []byte {
	var packed bytes.Buffer
	z, err := xz.NewWriter(&packed)
	if err != nil {
		panic(err)
	}
	z.Write(b)
	z.Close()
	return packed.Bytes()
}

// tarred is an archive as goreleaser makes it: documents beside the program.
func tarred(program []byte, inside string) []byte {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	add := func(h tar.Header, body []byte) {
		h.Size = int64(len(body))
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		w.Write(body)
	}
	add(tar.Header{Name: "README.md", Mode: 0o644}, []byte("read me"))
	if dir := path.Dir(inside); dir != "." {
		add(tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o755}, nil)
	}
	add(tar.Header{Name: "./" + inside, Mode: 0o755}, program)
	add(tar.Header{Name: "LICENSE", Mode: 0o644}, []byte("as you like"))
	w.Close()
	return packed.Bytes()
}

func zipped(program []byte, inside string) []byte {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	add := func(name string, mode os.FileMode, body []byte) {
		h := zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(mode)
		f, err := w.CreateHeader(&h)
		if err != nil {
			panic(err)
		}
		f.Write(body)
	}
	add("README.md", 0o644, []byte("read me"))
	add(inside, 0o755, program)
	w.Close()
	return packed.Bytes()
}

// versions are two programs that differ a little.
func versions(n int) (old, program []byte) {
	old = noise(n)
	program = slices.Concat(old[:n/2], []byte("something new"), old[n/2:])
	random := rand.New(rand.NewPCG(1, 2))
	for range n / 1000 {
		program[random.IntN(len(program))]++
	}
	return old, program
}

// readAll is what a consumer reads, and what the reader remarks.
func readAll(t *testing.T, r io.Reader) ([]byte, error) {
	t.Helper()
	defer r.(io.Closer).Close()
	return io.ReadAll(r)
}
