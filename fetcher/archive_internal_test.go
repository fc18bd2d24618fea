package fetcher

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"strings"
	"testing"
)

// An archive of any bytes gives a program within its bound, or an error.
func FuzzArchive(f *testing.F) {
	var t, z bytes.Buffer
	tw, zw := tar.NewWriter(&t), zip.NewWriter(&z)
	for _, name := range []string{"README", "./app", "a/b"} {
		tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: 4, Typeflag: tar.TypeReg})
		io.WriteString(tw, "body")
		w, err := zw.Create(strings.TrimPrefix(name, "./"))
		if err != nil {
			f.Fatal(err)
		}
		io.WriteString(w, "body")
	}
	tw.Close()
	zw.Close()
	f.Add(t.Bytes(), "app")
	f.Add(t.Bytes(), "")
	f.Add(z.Bytes(), "app")
	f.Add(z.Bytes(), "")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		for _, archive := range []archive{tarArchive, zipArchive} {
			p := unpacking{wrapping: wrapping{archive: archive}, path: path, max: 1 << 16, window: maxSignedWindow}
			u, err := p.unpack(io.NopCloser(bytes.NewReader(data)), "")
			if err != nil {
				t.Fatalf("before the first Read: %v", err)
			}
			if got, _ := io.ReadAll(u); len(got) > 1<<16 {
				t.Errorf("%d bytes of %q came; want 65536 at most", len(got), path)
			}
			u.Close()
		}
	})
}

func FuzzEntryName(f *testing.F) {
	for _, name := range []string{"app", "./app", "a/b/", "../x", "a/../b", "/etc/passwd", `a\b`, "", ".", "//", "a//b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		r := roll{}
		clean, err := r.add(name)
		if err != nil {
			return
		}
		if !fs.ValidPath(clean) || strings.Contains(clean, "..") && !strings.Contains(name, "..") || strings.ContainsAny(clean, "\\\x00") {
			t.Errorf("add(%q) = %q", name, clean)
		}
		if _, err := r.add(clean + "/"); err == nil {
			t.Errorf("%q is taken twice", clean)
		}
	})
}
