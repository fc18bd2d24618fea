package delta

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

// craft makes a patch of streams that nobody has to have compared for. The
// digest is that of what comes out, as long as that is no error.
func craft(t testing.TB, h ownHead, raw [streams][]byte, old io.ReaderAt) []byte {
	t.Helper()
	packed, err := packAll(t.Context(), &h, raw)
	if err != nil {
		t.Fatal(err)
	}
	body := bytes.Join(packed[:], nil)
	patch := append(h.append(nil), body...)
	r, err := NewReader(old, h.oldSize, bytes.NewReader(patch), int64(len(patch)), h.newSize)
	if err != nil {
		return patch
	}
	defer r.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil && !errors.Is(err, ErrCorrupt) {
		t.Fatal(err)
	}
	h.new = [sha256.Size]byte(sum.Sum(nil))
	return append(h.append(nil), body...)
}

// A synthetic program has bytes that follow from their place, and takes no
// memory.
type synthetic struct{}

func (synthetic) ReadAt(b []byte, at int64) (int, error) {
	for i := range b {
		word := uint64(at+int64(i)) >> 3 * 0x9e3779b97f4a7c15
		b[i] = byte(word >> (8 * (uint64(at+int64(i)) & 7)))
	}
	return len(b), nil
}

func uvarints(b []byte, numbers ...uint64) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// largeStreams are those of a patch that makes size bytes of a synthetic
// program of the same size: copies, insertions, corrections everywhere, and
// all kinds of references.
func largeStreams(size int64) (ownHead, [streams][]byte) {
	var raw [streams][]byte
	h := ownHead{oldSize: size, newSize: size}
	const piece, inserted, every = 32 << 10, 200, 300
	left := size
	for left > piece+inserted {
		raw[streamInserts] = uvarints(raw[streamInserts], inserted)
		raw[streamSeeks] = binary.AppendVarint(raw[streamSeeks], 8)
		raw[streamCopies] = uvarints(raw[streamCopies], piece)
		extra := make([]byte, inserted)
		synthetic{}.ReadAt(extra, left*17)
		raw[streamExtra] = append(raw[streamExtra], extra...)
		for range piece / every {
			raw[streamSame] = uvarints(raw[streamSame], every-2)
			raw[streamChanged] = uvarints(raw[streamChanged], 2)
			raw[streamValues] = append(raw[streamValues], extra[:2]...)
		}
		left -= piece + inserted
		h.copies++
	}
	raw[streamExtra] = append(raw[streamExtra], make([]byte, left)...)
	m := &model{minCopy: 24}
	for i := range baseCount {
		m.bases = append(m.bases, base{int64(i) << 20, int64(i)<<20 + 64, scales[i]})
	}
	part := size / 5
	for i, k := range []kind{kindAMD64, kindARM64, kindWords, kindTable, kindFunctions} {
		at := part * int64(i)
		r := addressRange{kind: k, inFile: true, oldPos: at, newPos: at, oldAddr: at + 1<<20, newAddr: at + 1<<20 + 64, oldSize: part, newSize: part}
		switch k {
		case kindWords:
			r.classes = 1<<baseZero | 1<<baseText | 1<<baseTypes
		case kindTable:
			r.record = []byte{baseText, stays, basePC}
		}
		m.ranges = append(m.ranges, r)
	}
	raw[streamModel] = m.append(nil)
	return h, raw
}
