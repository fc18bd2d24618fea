package delta

import (
	"bytes"
	"io"
	"testing"
)

// FuzzStreams reads patches whose header is right and whose streams are
// anything: what a checksum keeps other fuzzing away from.
func FuzzStreams(f *testing.F) {
	add := func(old []byte, h ownHead, raw [streams][]byte) {
		f.Add(old, h.newSize, h.copies, raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7])
	}
	h, raw := largeStreams(100 << 10)
	old := make([]byte, h.oldSize)
	synthetic{}.ReadAt(old, 0)
	add(old, h, raw)
	add(nil, ownHead{newSize: 5}, [streams][]byte{streamExtra: []byte("extra")})
	f.Fuzz(func(t *testing.T, old []byte, newSize, copies int64, a, b, c, d, e, f, g, h []byte) {
		const most = 1 << 20
		head := ownHead{oldSize: int64(len(old)), newSize: newSize, copies: copies}
		raw := [streams][]byte{a, b, c, d, e, f, g, h}
		for i := range raw {
			head.streams[i] = streamHead{methodStored, int64(len(raw[i])), int64(len(raw[i]))}
		}
		patch := append(head.append(nil), bytes.Join(raw[:], nil)...)
		r, err := NewReader(bytes.NewReader(old), head.oldSize, bytes.NewReader(patch), int64(len(patch)), most)
		if err != nil {
			return
		}
		defer r.Close()
		n, err := io.Copy(io.Discard, r)
		if n > newSize || newSize > most {
			t.Fatalf("got %d bytes and error %v where %d are claimed", n, err, newSize)
		}
		if err == nil {
			t.Fatal("a digest of zeros was found to be right")
		}
	})
}
