package delta_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/seed-3d078585/overseer/delta"
)

// smallPair has a patch in which each stream has something.
func smallPair(t testing.TB) (old, new, patch []byte) {
	old = noise(5, 6000)
	new = append(append(append(bytes.Clone(noise(6, 50)), edited(old[3000:], 30)...), noise(7, 100)...), old[:3000]...)
	return old, new, diff(t, old, new)
}

func isDamage(err error) bool {
	return errors.Is(err, delta.ErrCorrupt) || errors.Is(err, delta.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF)
}

func TestTruncated(t *testing.T) {
	old, new, patch := smallPair(t)
	for n := range patch {
		got, err := apply(old, patch[:n], 1<<20)
		if !isDamage(err) {
			t.Errorf("%d bytes of a patch of %d: got %d bytes and error %v, want one that matches ErrCorrupt or ErrFormat", n, len(patch), len(got), err)
		}
		if len(got) > len(new) {
			t.Errorf("%d bytes of a patch of %d: got %d bytes, more than the %d that it claims", n, len(patch), len(got), len(new))
		}
	}
	if _, err := apply(old, append(bytes.Clone(patch), 0), 1<<20); !isDamage(err) {
		t.Errorf("a patch with a byte behind its end: got error %v", err)
	}
}

func TestFlipped(t *testing.T) {
	old, new, patch := smallPair(t)
	for i := range patch {
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(patch)
			bad[i] ^= flip
			got, err := apply(old, bad, 1<<20)
			// Some bits of a packed stream mean nothing.
			if !isDamage(err) && (err != nil || !bytes.Equal(got, new)) {
				t.Errorf("byte %d flipped by %#x: got %d bytes and error %v, want one that matches ErrCorrupt or ErrFormat", i, flip, len(got), err)
			}
			if len(got) > len(new) {
				t.Errorf("byte %d flipped by %#x: got %d bytes, more than the %d that it claims", i, flip, len(got), len(new))
			}
		}
	}
}

func TestWrongBase(t *testing.T) {
	old, _, patch := smallPair(t)
	other := edited(old, 100)
	if _, err := apply(old[1:], patch, 1<<20); !errors.Is(err, delta.ErrBase) {
		t.Errorf("an old program of another size: got error %v, want ErrBase", err)
	}
	if _, err := apply(other, patch, 1<<20); !errors.Is(err, delta.ErrCorrupt) {
		t.Errorf("another old program of the same size: got error %v, want ErrCorrupt", err)
	}
	info, err := delta.ReadInfo(bytes.NewReader(patch), int64(len(patch)))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		old  []byte
		want error
	}{
		{"the one it was made of", old, nil},
		{"another", other, delta.ErrBase},
		{"shorter", old[1:], delta.ErrBase},
		{"longer", append(bytes.Clone(old), 0), delta.ErrBase},
	} {
		if err := info.CheckBase(t.Context(), bytes.NewReader(row.old)); !errors.Is(err, row.want) {
			t.Errorf("CheckBase of %s: got error %v, want %v", row.name, err, row.want)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := info.CheckBase(ended, bytes.NewReader(old)); !errors.Is(err, context.Canceled) {
		t.Errorf("CheckBase with a context that has ended: got error %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	old, new, patch := smallPair(t)
	if _, err := apply(old, patch, int64(len(new))-1); !errors.Is(err, delta.ErrTooLarge) {
		t.Errorf("a byte more than allowed: got error %v, want ErrTooLarge", err)
	}
	zeros := diff(t, nil, make([]byte, 32<<20))
	if len(zeros) > 64<<10 {
		t.Errorf("32 MiB of zeros make a patch of %d bytes", len(zeros))
	}
	if _, err := apply(nil, zeros, 1<<20); !errors.Is(err, delta.ErrTooLarge) {
		t.Errorf("a patch of %d bytes that makes 32 MiB: got error %v, want ErrTooLarge", len(zeros), err)
	}
}

func TestFormat(t *testing.T) {
	for _, patch := range []string{"", "O", "OVSRDLT0 and so on", "BSDIFF41", "ENDSLEY/BSDIFF43", "\x28\xb5\x2f\xfd"} {
		if _, err := apply(nil, []byte(patch), 1<<20); !errors.Is(err, delta.ErrFormat) {
			t.Errorf("a patch %q: got error %v, want ErrFormat", patch, err)
		}
		if _, err := delta.Size(bytes.NewReader([]byte(patch)), int64(len(patch))); !errors.Is(err, delta.ErrFormat) {
			t.Errorf("the size of a patch %q: got error %v, want ErrFormat", patch, err)
		}
	}
}

// A file that cannot be read is not a patch that is corrupt.
func TestReadFails(t *testing.T) {
	old, _, patch := smallPair(t)
	broken := errors.New("the disk is broken")
	for _, row := range []struct {
		name     string
		old      io.ReaderAt
		patch    io.ReaderAt
		notThere error
	}{
		{"old", failing{bytes.NewReader(old), 100, broken}, bytes.NewReader(patch), broken},
		{"patch", bytes.NewReader(old), failing{bytes.NewReader(patch), 400, broken}, broken},
		{"the patch's header", bytes.NewReader(old), failing{bytes.NewReader(patch), 4, broken}, broken},
		{"a patch that is shorter than said", bytes.NewReader(old), bytes.NewReader(patch[:len(patch)-10]), io.ErrUnexpectedEOF},
		{"an old program that is shorter than said", bytes.NewReader(old[:4000]), bytes.NewReader(patch), io.ErrUnexpectedEOF},
	} {
		r, err := delta.NewReader(row.old, int64(len(old)), row.patch, int64(len(patch)), 1<<20)
		if err == nil {
			_, err = io.Copy(io.Discard, r)
			r.Close()
		}
		if !errors.Is(err, row.notThere) || errors.Is(err, delta.ErrCorrupt) {
			t.Errorf("%s: got error %v, want %v and not ErrCorrupt", row.name, err, row.notThere)
		}
	}
}

// A failing file cannot be read from a place on.
type failing struct {
	r    io.ReaderAt
	from int64
	err  error
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) <= f.from {
		return f.r.ReadAt(b, at)
	}
	return 0, f.err
}

func TestClose(t *testing.T) {
	old, _, patch := smallPair(t)
	r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), int64(len(patch)), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Errorf("Close: got error %v", err)
		}
	}
	if n, err := r.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("Read after Close: got %d, %v; want an error", n, err)
	}
}

func TestDiffEndsWithItsContext(t *testing.T) {
	program := noise(8, 2<<20)
	other := edited(program, 50)
	for part := int64(0); part < 100; part += 33 {
		ctx, cancel := context.WithCancel(t.Context())
		after := 0
		_, err := delta.Diff(ctx, io.Discard, program, other, delta.WithProgress(func(done, total int64) {
			if ctx.Err() != nil {
				after++
			}
			if done*100 >= total*part {
				cancel()
			}
		}))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %d %%: got error %v", part, err)
		}
		if after > 4 {
			t.Errorf("cancelled at %d %%: %d steps more were done", part, after)
		}
	}
}
