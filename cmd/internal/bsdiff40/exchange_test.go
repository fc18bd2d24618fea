package bsdiff40_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/bsdiff40"
	"github.com/seed-3d078585/overseer/delta"
)

// tool returns the path of one of the programs of Debian's package bsdiff.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not there: install Debian's package bsdiff", name)
		}
		t.Skipf("%s is not there, and patches cannot be exchanged with it: install Debian's package bsdiff", name)
	}
	return path
}

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

func edited(b []byte, every int) []byte {
	b = bytes.Clone(b)
	rnd := rand.New(rand.NewPCG(9, uint64(every)))
	for i := rnd.IntN(every); i < len(b); i += 1 + rnd.IntN(2*every) {
		b[i] += byte(1 + rnd.IntN(255))
	}
	return b
}

type pair struct {
	name     string
	old, new []byte
}

func pairs(t testing.TB) []pair {
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program = program[:min(len(program), 2<<20)]
	random := noise(1, 100_000)
	return []pair{
		{"one byte each", []byte{1}, []byte{2}},
		{"identical", random, random},
		{"unlike", random, noise(3, 50_000)},
		{"edited", random, edited(random, 40)},
		{"shifted blocks", random, slices.Concat(random[60_000:], noise(2, 700), random[:50_000])},
		{"copies before the beginning", noise(4, 100), slices.Concat(noise(5, 20), noise(4, 100), noise(4, 100))},
		{"zeros", make([]byte, 50_000), make([]byte, 80_001)},
		{"program", program, edited(slices.Concat(program[:1<<20], noise(6, 999), program[1<<20:]), 300)},
	}
}

func write(t *testing.T, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// bspatch applies what we write, and we what bsdiff writes.
func TestExchange(t *testing.T) {
	bsdiff, bspatch := tool(t, "bsdiff"), tool(t, "bspatch")
	for _, p := range pairs(t) {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			old, new := write(t, dir, "old", p.old), write(t, dir, "new", p.new)

			ours := filepath.Join(dir, "ours")
			made := filepath.Join(dir, "made")
			write(t, dir, "ours", diff(t, p.old, p.new))
			run(t, bspatch, old, made, ours)
			if got, err := os.ReadFile(made); err != nil || !bytes.Equal(got, p.new) {
				t.Errorf("bspatch makes %d bytes and error %v of our patch, want the %d of the new program", len(got), err, len(p.new))
			}

			theirs := filepath.Join(dir, "theirs")
			run(t, bsdiff, old, new, theirs)
			patch, err := os.ReadFile(theirs)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := apply(p.old, patch, int64(len(p.new))); err != nil || !bytes.Equal(got, p.new) {
				t.Errorf("we make %d bytes and error %v of bsdiff's patch, want the %d of the new program", len(got), err, len(p.new))
			}
		})
	}
}

// The cover is as good as bsdiff's: packed by the same program, the patch is
// at most a twentieth larger.
func TestSize(t *testing.T) {
	bsdiff, bzip2 := tool(t, "bsdiff"), tool(t, "bzip2")
	all := pairs(t)
	p := all[len(all)-1]
	dir := t.TempDir()
	theirs := filepath.Join(dir, "theirs")
	run(t, bsdiff, write(t, dir, "old", p.old), write(t, dir, "new", p.new), theirs)
	info, err := os.Stat(theirs)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := delta.DiffBSDIFF40(t.Context(), io.Discard, p.old, p.new, func(w io.Writer) (io.WriteCloser, error) {
		return newPiped(t.Context(), bzip2, w)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a program of %d bytes: bsdiff's patch has %d, ours %d", len(p.new), info.Size(), stats.PatchSize)
	if stats.PatchSize > info.Size()*21/20 {
		t.Errorf("our patch has %d bytes, bsdiff's %d: want a twentieth more at most", stats.PatchSize, info.Size())
	}
}

func diff(t testing.TB, old, new []byte) []byte {
	t.Helper()
	var patch bytes.Buffer
	if _, err := bsdiff40.Diff(t.Context(), &patch, old, new); err != nil {
		t.Fatal(err)
	}
	return patch.Bytes()
}

func apply(old, patch []byte, maxSize int64) ([]byte, error) {
	r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), int64(len(patch)), maxSize)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
