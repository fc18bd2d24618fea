package bsdiff40_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/bsdiff40"
	"github.com/seed-3d078585/overseer/delta"
)

// Empty programs, which bsdiff cannot read.
func TestRoundTrip(t *testing.T) {
	for _, p := range append(pairs(t), pair{"both empty", nil, nil}, pair{"empty old", nil, noise(1, 1000)}, pair{"empty new", noise(1, 1000), nil}) {
		got, err := apply(p.old, diff(t, p.old, p.new), int64(len(p.new)))
		if err != nil || !bytes.Equal(got, p.new) {
			t.Errorf("%s: got %d bytes and error %v, want the %d of the new program", p.name, len(got), err, len(p.new))
		}
	}
}

func number(b []byte, n int64) []byte {
	if n < 0 {
		return binary.LittleEndian.AppendUint64(b, uint64(-n)|1<<63)
	}
	return binary.LittleEndian.AppendUint64(b, uint64(n))
}

func pack(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := bsdiff40.Pack(&out)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestCrafted(t *testing.T) {
	old := []byte("the old program")
	repeat := func(triple []int64, n int) (all []int64) {
		for range n {
			all = append(all, triple...)
		}
		return all
	}
	const most = 1<<63 - 1
	for _, row := range []struct {
		name        string
		newSize     int64
		triples     []int64
		diff, extra string
		want        string // part of the error; "=" and what is made where there is none
	}{
		{"plain", 7, []int64{3, 4, 0}, "\x00\x00\x00", " new", "=the new"},
		{"before the beginning", 4, []int64{0, 0, -2, 4, 0, 0}, "ab\x00\x00", "", "=abth"},
		{"behind the end", 4, []int64{0, 0, 14, 4, 0, 0}, "\x00bcd", "", "=mbcd"},
		{"far behind the end", 2, []int64{0, 0, 1 << 61, 2, 0, 0}, "ab", "", "=ab"},
		{"seek that overflows", 2, []int64{0, 0, most, 2, 0, 0}, "ab", "", "a seek"},
		{"seeks that overflow together", 2, []int64{1, 0, 1 << 62, 1, 0, 1 << 62}, "ab", "", "a seek"},
		{"negative copy", 4, []int64{-4, 8, 0}, "", "12345678", "a triple of -4"},
		{"negative extra", 4, []int64{8, -4, 0}, "12345678", "", "a triple of 8 and -4"},
		{"sum that overflows", 4, []int64{most, most, 0}, "", "", "a triple"},
		{"more than claimed", 4, []int64{3, 2, 0}, "abc", "de", "a triple of 3 and 2"},
		{"negative size", -1, nil, "", "", "its header"},
		{"no triples", 4, nil, "", "", "control stream ends too early"},
		{"too few differences", 4, []int64{4, 0, 0}, "abc", "", "differences ends too early"},
		{"too few extra bytes", 4, []int64{0, 4, 0}, "", "abc", "extra stream ends too early"},
		{"triples left over", 3, []int64{0, 3, 0, 0, 1, 0}, "", "abcd", "control stream goes on"},
		{"differences left over", 3, []int64{3, 0, 0}, "abcd", "", "differences goes on"},
		{"extra bytes left over", 3, []int64{0, 3, 0}, "", "abcd", "extra stream goes on"},
		{"some triples that make nothing", 3, append(repeat([]int64{0, 0, 1}, 1000), 0, 3, 0), "", "abc", "=abc"},
		{"endless triples that make nothing", 3, append(repeat([]int64{0, 0, 1}, 1_000_000), 0, 3, 0), "", "abc", "make nothing"},
		{"bomb", 10, []int64{0, 10, 0}, "", strings.Repeat("\x00", 64<<20), "extra stream goes on"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var control []byte
			for _, n := range row.triples {
				control = number(control, n)
			}
			control = pack(t, control)
			diff := pack(t, []byte(row.diff))
			patch := number(number(number([]byte("BSDIFF40"), int64(len(control))), int64(len(diff))), row.newSize)
			patch = bytes.Join([][]byte{patch, control, diff, pack(t, []byte(row.extra))}, nil)
			got, err := apply(old, patch, 1<<20)
			if want, ok := strings.CutPrefix(row.want, "="); ok {
				if err != nil || string(got) != want {
					t.Errorf("got %q and error %v, want %q", got, err, want)
				}
				return
			}
			if !errors.Is(err, delta.ErrCorrupt) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got error %v, want one with %q that matches ErrCorrupt", err, row.want)
			}
			if int64(len(got)) > max(row.newSize, 0) {
				t.Errorf("got %d bytes, more than the %d that are claimed", len(got), row.newSize)
			}
		})
	}
}
