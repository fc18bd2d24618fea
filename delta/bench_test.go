package delta_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"testing"

	"github.com/seed-3d078585/overseer/delta"
)

// benchPair is the test binary and one with edits in it, or the programs that
// DELTA_OLD and DELTA_NEW name.
func benchPair(b *testing.B) (old, new []byte) {
	b.Helper()
	read := func(path string) []byte {
		program, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		return program
	}
	if path := os.Getenv("DELTA_OLD"); path != "" {
		return read(path), read(os.Getenv("DELTA_NEW"))
	}
	old = read(os.Args[0])
	return old, edited(append(bytes.Clone(old[:len(old)/2]), append(noise(1, 1000), old[len(old)/2:]...)...), 1000)
}

// BenchmarkApply reads a new program; its sibling copies and hashes as much.
func BenchmarkApply(b *testing.B) {
	old, new := benchPair(b)
	var patch bytes.Buffer
	if _, err := delta.Diff(b.Context(), &patch, old, new); err != nil {
		b.Fatal(err)
	}
	b.Run("patch", func(b *testing.B) {
		b.SetBytes(int64(len(new)))
		b.ReportAllocs()
		for b.Loop() {
			r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch.Bytes()), int64(patch.Len()), int64(len(new)))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				b.Fatal(err)
			}
			r.Close()
		}
	})
	b.Run("copy and SHA-256", func(b *testing.B) {
		b.SetBytes(int64(len(new)))
		for b.Loop() {
			sum := sha256.New()
			if _, err := io.Copy(sum, bytes.NewReader(new)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDiff(b *testing.B) {
	old, new := benchPair(b)
	b.SetBytes(int64(len(new)))
	for b.Loop() {
		var patch bytes.Buffer
		if _, err := delta.Diff(b.Context(), &patch, old, new); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(patch.Len()), "patch-bytes")
	}
}
