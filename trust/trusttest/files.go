package trusttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// Files is a release directory: the bytes of each file by its name relative to
// it.
type Files map[string][]byte

// Clone returns a copy; the bytes are shared.
func (f Files) Clone() Files { return maps.Clone(f) }

// Write writes the files into a directory, the manifests last.
func (f Files) Write(tb testing.TB, dir string) {
	tb.Helper()
	for _, last := range []bool{false, true} {
		for name, data := range f {
			if isManifest := strings.HasSuffix(name, ".json"); isManifest != last {
				continue
			}
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				tb.Fatalf("trusttest: %v", err)
			}
			if err := os.WriteFile(path+".new", data, 0o644); err != nil {
				tb.Fatalf("trusttest: %v", err)
			}
			if err := os.Rename(path+".new", path); err != nil {
				tb.Fatalf("trusttest: %v", err)
			}
		}
	}
}

// Statement returns what a source reads of the channel.
func (f Files) Statement(channel string) *release.Statement {
	manifest := channel + ".json"
	st := &release.Statement{Manifest: f[manifest], Signatures: f.signatures(manifest)}
	if keys, ok := f[keysName]; ok {
		st.Keys, st.KeysSignatures = keys, f.signatures(keysName)
	}
	return st
}

const keysName = "keys.json"

// signatures looks where a reader does.
func (f Files) signatures(name string) []byte {
	if s, ok := f[signaturesName(f[name])]; ok {
		return s
	}
	return f[name+".minisig"]
}

func signaturesName(data []byte) string {
	return fmt.Sprintf("signatures/%x.minisig", sha256.Sum256(data))
}

// ServeHTTP serves the files, with ranges and entity tags.
func (f Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	data, ok := f[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(data)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
