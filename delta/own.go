package delta

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

// The header of the project's own format. docs/delta.md has all of it.
//
//	offset  size  what
//	0       8     "OVSRDLT1"
//	8       8     size of the old program
//	16      8     size of the new program
//	24      32    SHA-256 of the old program
//	56      32    SHA-256 of the new program
//	88      8     number of copies
//	96      8×17  for each stream: method, packed size, unpacked size
//	232     8     the first bytes of the SHA-256 of all before
//
// Numbers are little-endian. The streams follow in the order of the table, and
// nothing follows them.
const (
	ownMagic  = "OVSRDLT1"
	ownHeader = 96 + 17*streams + 8
)

// The streams.
const (
	streamModel   = iota // how the programs refer to themselves
	streamInserts        // of each copy: how many bytes are inserted before it
	streamSeeks          // how far from the end of the one before
	streamCopies         // how many bytes
	streamSame           // of each turn: how many copied bytes stay
	streamChanged        // how many change
	streamValues         // what is added to those that change
	streamExtra          // bytes to insert
	streams
)

var streamNames = [streams]string{
	"the model", "the stream of inserts", "the stream of seeks", "the stream of copies",
	"the stream of same bytes", "the stream of changed bytes", "the stream of values", "the extra stream",
}

// How a stream is packed.
const (
	methodStored = 0
	methodZstd   = 1
)

type streamHead struct {
	method           byte
	packed, unpacked int64
}

type ownHead struct {
	oldSize, newSize int64
	old, new         [sha256.Size]byte
	copies           int64
	streams          [streams]streamHead
}

func (h *ownHead) append(b []byte) []byte {
	le := binary.LittleEndian
	start := len(b)
	b = append(b, ownMagic...)
	b = le.AppendUint64(b, uint64(h.oldSize))
	b = le.AppendUint64(b, uint64(h.newSize))
	b = append(b, h.old[:]...)
	b = append(b, h.new[:]...)
	b = le.AppendUint64(b, uint64(h.copies))
	for _, s := range h.streams {
		b = append(b, s.method)
		b = le.AppendUint64(b, uint64(s.packed))
		b = le.AppendUint64(b, uint64(s.unpacked))
	}
	sum := sha256.Sum256(b[start:])
	return append(b, sum[:8]...)
}

func parseOwnHead(b []byte, patchSize int64) (*ownHead, error) {
	if len(b) < ownHeader {
		return nil, corrupt("it ends in its header")
	}
	sum := sha256.Sum256(b[:ownHeader-8])
	if !bytes.Equal(sum[:8], b[ownHeader-8:ownHeader]) {
		return nil, corrupt("its header has another checksum than it says")
	}
	le := binary.LittleEndian
	h := &ownHead{
		oldSize: int64(le.Uint64(b[8:])),
		newSize: int64(le.Uint64(b[16:])),
		old:     [sha256.Size]byte(b[24:]),
		new:     [sha256.Size]byte(b[56:]),
		copies:  int64(le.Uint64(b[88:])),
	}
	if h.oldSize < 0 || h.newSize < 0 || h.copies < 0 || h.copies > h.newSize {
		return nil, corrupt("its header has programs of %d and %d bytes and %d copies", h.oldSize, h.newSize, h.copies)
	}
	rest := patchSize - ownHeader
	for i := range h.streams {
		at := b[96+17*i:]
		s := streamHead{at[0], int64(le.Uint64(at[1:])), int64(le.Uint64(at[9:]))}
		if s.method > methodZstd || s.packed < 0 || s.packed > rest || s.unpacked < 0 || s.method == methodStored && s.packed != s.unpacked {
			return nil, corrupt("its header has for %s method %d, %d bytes of %d", streamNames[i], s.method, s.packed, s.unpacked)
		}
		rest -= s.packed
		h.streams[i] = s
	}
	if rest != 0 {
		return nil, corrupt("it has %d bytes more than its header says", rest)
	}
	if h.streams[streamExtra].unpacked > h.newSize || h.streams[streamValues].unpacked > h.newSize {
		return nil, corrupt("its streams hold more than the new program")
	}
	return h, nil
}
