package delta_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-3d078585/overseer/delta"
)

// noise is bytes that nothing can guess but who knows the seed.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	rnd := rand.New(rand.NewPCG(seed, 0))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// edited is b with a byte changed about every so many.
func edited(b []byte, every int) []byte {
	b = bytes.Clone(b)
	rnd := rand.New(rand.NewPCG(9, uint64(every)))
	for i := rnd.IntN(every); i < len(b); i += 1 + rnd.IntN(2*every) {
		b[i] += byte(1 + rnd.IntN(255))
	}
	return b
}

// A pair is two releases of a program.
type pair struct {
	name     string
	old, new []byte
}

func pairs() []pair {
	random := noise(1, 300_000)
	shifted := slices.Concat(random[200_000:], noise(2, 700), random[:120_000], random[130_000:200_000])
	return []pair{
		{"both empty", nil, nil},
		{"empty old", nil, random},
		{"empty new", random, nil},
		{"one byte each", []byte{1}, []byte{2}},
		{"tiny", []byte("the old program"), []byte("the new program!")},
		{"identical", random, random},
		{"unlike", random, noise(3, 200_000)},
		{"edited", random, edited(random, 40)},
		{"edited everywhere", random, edited(random, 2)},
		{"shifted blocks", random, shifted},
		{"shorter", random, random[1000:250_000]},
		{"longer", random, slices.Concat(noise(4, 10), random, noise(5, 70_000), random)},
		{"zeros", make([]byte, 100_000), make([]byte, 200_001)},
		{"zeros with edits", edited(make([]byte, 100_000), 500), edited(make([]byte, 150_000), 700)},
		{"periodic", bytes.Repeat([]byte("abcab"), 20_000), bytes.Repeat([]byte("abcba"), 30_000)},
		{"swapped halves", random, slices.Concat(random[150_000:], random[:150_000])},
	}
}

func diff(t testing.TB, old, new []byte) []byte {
	t.Helper()
	var patch bytes.Buffer
	stats, err := delta.Diff(t.Context(), &patch, old, new)
	if err != nil {
		t.Fatal(err)
	}
	if stats.PatchSize != int64(patch.Len()) || stats.Copied+stats.Inserted != int64(len(new)) {
		t.Errorf("stats %+v of a patch of %d bytes and a program of %d", stats, patch.Len(), len(new))
	}
	return patch.Bytes()
}

// apply reads a new program in steps of odd lengths.
func apply(old, patch []byte, maxSize int64) ([]byte, error) {
	r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), int64(len(patch)), maxSize)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out []byte
	for step := 1; ; step = step*3%10_007 + 1 {
		b := make([]byte, step)
		n, err := r.Read(b)
		out = append(out, b[:n]...)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, p := range pairs() {
		t.Run(p.name, func(t *testing.T) {
			patch := diff(t, p.old, p.new)
			got, err := apply(p.old, patch, int64(len(p.new)))
			if err != nil || !bytes.Equal(got, p.new) {
				t.Fatalf("got %d bytes and error %v, want the %d of the new program", len(got), err, len(p.new))
			}
			size, err := delta.Size(bytes.NewReader(patch), int64(len(patch)))
			if err != nil || size != int64(len(p.new)) {
				t.Errorf("Size: got %d, %v; want %d", size, err, len(p.new))
			}
		})
	}
}
