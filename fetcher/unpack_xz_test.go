package fetcher

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
)

func unxz(data []byte) ([]byte, error) {
	r, err := openXZ(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// xzFiles were made by xz 5.4 of the 40 lines "program 1" to "program 40".
func xzFiles(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/xz/*.xz")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	files := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".xz")] = data
	}
	return files
}

func TestXZ(t *testing.T) {
	var lines strings.Builder
	for n := range 40 {
		fmt.Fprintf(&lines, "program %d\n", n+1)
	}
	want := lines.String()
	for name, data := range xzFiles(t) {
		t.Run(name, func(t *testing.T) {
			got, err := unxz(data)
			switch name {
			case "empty":
				want = ""
			case "two":
				want = lines.String() + lines.String()
			case "refused-dictionary":
				if err == nil || !strings.Contains(err.Error(), "a dictionary of 96 MiB") {
					t.Errorf("error is %v; want that the dictionary is too large", err)
				}
				return
			case "refused-filter":
				if err == nil || !strings.Contains(err.Error(), "a filter other than LZMA2") {
					t.Errorf("error is %v; want that the filter is unknown", err)
				}
				return
			default:
				want = lines.String()
			}
			if err != nil || string(got) != want {
				t.Fatalf("read %q, %v; want %q", got, err, want)
			}
			if name == "highest" {
				return // a dictionary of 64 MiB, for each byte
			}
			for n := range data {
				if name == "two" && (n == 144 || n == 148 || n == 152) {
					continue // a whole file, with or without padding
				}
				if got, err := unxz(data[:n]); err == nil {
					t.Errorf("cut after %d bytes: read %q", n, got)
				}
				damaged := bytes.Clone(data)
				damaged[n] ^= 0x10
				if got, err := unxz(damaged); err == nil && name != "none" && string(got) != want {
					t.Errorf("byte %d damaged: read %q", n, got)
				}
			}
			if _, err := unxz(append(bytes.Clone(data), "junk"...)); err == nil {
				t.Error("bytes behind the end were ignored")
			}
		})
	}
}

// A block costs a dictionary, so there may not be any number of them.
func TestXZBlocks(t *testing.T) {
	var packed bytes.Buffer
	z, err := xz.WriterConfig{BlockSize: 1, DictCap: 4096}.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(make([]byte, maxBlocks+1))
	z.Close()
	if got, err := unxz(packed.Bytes()); err == nil || !strings.Contains(err.Error(), "more than 1024 blocks") {
		t.Errorf("read %d bytes and %v; want that there are too many blocks", len(got), err)
	}
}

// Programs of all kinds come as they went.
func TestXZRoundTrip(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 300<<10)
	random.Read(noise)
	for name, want := range map[string][]byte{
		"noise": noise, "zeros": make([]byte, 300<<10), "text": bytes.Repeat([]byte("some text, "), 30_000), "a byte": {1},
	} {
		for _, kind := range []byte{xz.None, xz.CRC32, xz.CRC64, xz.SHA256} {
			var packed bytes.Buffer
			z, err := xz.WriterConfig{CheckSum: kind, NoCheckSum: kind == xz.None, BlockSize: 100 << 10, DictCap: 64 << 10}.NewWriter(&packed)
			if err != nil {
				t.Fatal(err)
			}
			z.Write(want)
			z.Close()
			if got, err := unxz(packed.Bytes()); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s with check %d: read %d bytes and %v; want %d", name, kind, len(got), err, len(want))
			}
		}
	}
}

// What is read without an error is what the library's own reader reads.
func FuzzXZ(f *testing.F) {
	for name, data := range xzFiles(f) {
		if name != "refused-dictionary" {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := openXZ(bytes.NewReader(data))
		if err != nil {
			return
		}
		got, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if err != nil || len(got) == 1<<20 {
			return
		}
		other, err := xz.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("read %d bytes, the library none: %v", len(got), err)
		}
		want, err := io.ReadAll(other)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read %d bytes, the library %d and %v", len(got), len(want), err)
		}
	})
}
