package delta

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Patches that nobody wrote with Diff.
func TestCrafted(t *testing.T) {
	old := bytes.Repeat([]byte("0123456789"), 10)
	copies := func(numbers ...uint64) (raw [streams][]byte) {
		for i := 0; i < len(numbers); i += 3 {
			raw[streamInserts] = uvarints(raw[streamInserts], numbers[i])
			raw[streamSeeks] = uvarints(raw[streamSeeks], numbers[i+1])
			raw[streamCopies] = uvarints(raw[streamCopies], numbers[i+2])
		}
		return raw
	}
	with := func(raw [streams][]byte, i int, b []byte) [streams][]byte {
		raw[i] = b
		return raw
	}
	bytesOf := func(m model) []byte { return m.append(nil) }
	one := copies(0, 0, 10)
	for _, row := range []struct {
		name    string
		newSize int64
		copies  int64
		raw     [streams][]byte
		want    string // part of the error; empty: none
	}{
		{"plain", 10, 1, one, ""},
		{"two copies", 20, 2, copies(0, 0, 10, 0, 40, 10), ""},
		{"before the beginning", 20, 2, copies(0, 0, 10, 0, 23, 10), "seek"},
		{"behind the end", 10, 1, copies(0, 182, 10), "a copy of 10 bytes at 91"},
		{"seek of 64 bits", 10, 1, copies(0, 1<<64-2, 10), "seek"},
		{"length of 64 bits", 10, 1, copies(0, 0, 1<<64-1), "63 bits"},
		{"length of 63 bits", 10, 1, copies(0, 0, 1<<63-1), "are left"},
		{"insert of 63 bits", 10, 1, copies(1<<63-1, 0, 10), "are left"},
		{"copy of nothing", 10, 2, copies(0, 0, 0, 0, 0, 10), "a copy of 0 bytes"},
		{"longer than the program", 9, 1, one, "are left"},
		{"fewer copies than it says", 20, 2, one, "ends too early"},
		{"more copies than it says", 10, 1, copies(0, 0, 10, 0, 0, 10), "nothing uses"},
		{"more copies than bytes", 10, 11, one, "11 copies"},
		{"no bytes to insert", 11, 1, one, "less than is taken"},
		{"bytes to insert left over", 10, 1, with(one, streamExtra, []byte("x")), "nothing uses"},
		{"turn that changes nothing", 10, 1, with(with(one, streamSame, []byte{1}), streamChanged, []byte{0}), "changes nothing"},
		{"turn without values", 10, 1, with(with(one, streamSame, []byte{1}), streamChanged, []byte{1}), "less than is taken"},
		{"turn that is longer than the copies", 10, 1, with(with(with(one, streamSame, []byte{9}), streamChanged, []byte{2}), streamValues, []byte{1, 1}), "behind the end"},
		{"values left over", 10, 1, with(one, streamValues, []byte{1}), "nothing uses"},
		{"model of one number", 10, 1, with(one, streamModel, []byte{1}), "ends too early"},
		{"model that is empty", 10, 1, with(one, streamModel, bytesOf(model1())), ""},
		{"model with something behind", 10, 1, with(one, streamModel, append(bytesOf(model1()), 0)), "nothing uses"},
		{"model of too many ranges", 10, 1, with(one, streamModel, uvarints(nil, 1, 0, 1<<62)), "is the most"},
		{"model of too many bases", 10, 1, with(one, streamModel, uvarints(nil, 1, 1<<62)), "is the most"},
		{"words that count nothing", 10, 1, with(one, streamModel, bytesOf(model{minCopy: 1, bases: []base{{1, 1, 0}}, ranges: model1().ranges})), "count nothing"},
		{"a base that is not there", 10, 1, with(one, streamModel, bytesOf(model1(addressRange{kind: kindTable, inFile: true, record: []byte{0}}))), "no base"},
		{"words of a base that is not there", 10, 1, with(one, streamModel, bytesOf(model1(addressRange{kind: kindWords, inFile: true, classes: 2}))), "has not"},
		{"a table of nothing", 10, 1, with(one, streamModel, bytesOf(model1(addressRange{kind: kindTable, inFile: true}))), "empty records"},
		{"functions without bases", 10, 1, with(one, streamModel, bytesOf(model1(addressRange{kind: kindFunctions, inFile: true}))), "cannot be followed"},
		{"a range of no kind", 10, 1, with(one, streamModel, bytesOf(model1(addressRange{kind: kinds}))), "is the most"},
		{"ranges that overlap, far away and large", 10, 1, with(one, streamModel, bytesOf(model1(
			addressRange{kind: kindAMD64, inFile: true, oldSize: 100, newSize: 100, oldAddr: 1 << 59, newAddr: 1},
			addressRange{kind: kindWords, inFile: true, oldPos: 3, oldSize: 1 << 60, newSize: 1 << 60},
			addressRange{kind: kindPlain, oldAddr: 1 << 60, oldSize: 1 << 60, newSize: 1},
		))), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := ownHead{oldSize: int64(len(old)), newSize: row.newSize, copies: row.copies}
			patch := craft(t, h, row.raw, bytes.NewReader(old))
			var out bytes.Buffer
			r, err := NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch), int64(len(patch)), 1<<20)
			if err == nil {
				_, err = io.Copy(&out, r)
				r.Close()
			}
			if int64(out.Len()) > row.newSize {
				t.Errorf("got %d bytes, more than the %d that are claimed", out.Len(), row.newSize)
			}
			if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got error %v, want %q", err, row.want)
			}
		})
	}
}

func model1(ranges ...addressRange) model {
	if ranges == nil {
		ranges = []addressRange{{}}
	}
	return model{minCopy: 1, ranges: ranges}
}

// A stream that unpacks to more than the header says is refused before it is
// unpacked, and so is one that asks for a large window.
func TestBomb(t *testing.T) {
	zeros := make([]byte, 256<<20)
	for _, row := range []struct {
		name   string
		window int
	}{{"small window", 1 << 20}, {"large window", 128 << 20}} {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(row.window), zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		bomb := w.EncodeAll(zeros, nil)
		w.Close()
		h := ownHead{newSize: 1000}
		h.streams[streamExtra] = streamHead{methodZstd, int64(len(bomb)), 1000}
		patch := append(h.append(nil), bomb...)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		r, err := NewReader(bytes.NewReader(nil), 0, bytes.NewReader(patch), int64(len(patch)), 1<<20)
		n := int64(0)
		if err == nil {
			n, err = io.Copy(io.Discard, r)
			r.Close()
		}
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrCorrupt) || n > 1000 {
			t.Errorf("%s: got %d bytes and error %v, want ErrCorrupt", row.name, n, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
			t.Errorf("%s: %d bytes were allocated", row.name, used)
		}
	}
}
