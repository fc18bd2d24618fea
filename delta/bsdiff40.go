package delta

import (
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"
)

// The format of bsdiff 4, as its manual page and its patches have it: three
// streams, each packed with bzip2.
//
//	offset  size  what
//	0       8     "BSDIFF40"
//	8       8     length of the packed control stream, c
//	16      8     length of the packed differences, d
//	24      8     size of the new program
//	32      c     control: triples of numbers x, y, z
//	32+c    d     differences
//	32+c+d        extra
//
// Each triple says: take x bytes of the old program and of the differences and
// add them byte by byte, take y bytes of extra, go z bytes on in the old
// program. A number has eight bytes, little-endian, and its sign in the
// highest bit.
const (
	bsdiffMagic  = "BSDIFF40"
	bsdiffHeader = 32
)

// idleTriples is how many triples that make nothing are put up with. bsdiff
// writes one at most.
const idleTriples = 1024

func bsdiffNumber(b []byte) int64 {
	u := binary.LittleEndian.Uint64(b)
	n := int64(u &^ (1 << 63))
	if u>>63 != 0 {
		return -n
	}
	return n
}

func appendBSDIFFNumber(b []byte, n int64) []byte {
	u := uint64(n)
	if n < 0 {
		u = uint64(-n) | 1<<63
	}
	return binary.LittleEndian.AppendUint64(b, u)
}

// A bsdiffHead is what the first bytes of a BSDIFF40 patch say.
type bsdiffHead struct{ control, diff, newSize int64 }

func parseBSDIFFHead(b []byte, patchSize int64) (bsdiffHead, error) {
	if len(b) < bsdiffHeader {
		return bsdiffHead{}, corrupt("it ends in its header")
	}
	h := bsdiffHead{bsdiffNumber(b[8:]), bsdiffNumber(b[16:]), bsdiffNumber(b[24:])}
	rest := patchSize - bsdiffHeader
	if h.control < 0 || h.diff < 0 || h.newSize < 0 || h.control > rest || h.diff > rest-h.control {
		return bsdiffHead{}, corrupt("its header has streams of %d and %d bytes and a program of %d bytes in a patch of %d", h.control, h.diff, h.newSize, patchSize)
	}
	return h, nil
}

type bsdiffSource struct {
	control, diff, extra *bufio.Reader
	oldPos               int64
	idle                 int
	buf                  []byte

	// A piece inserts before it copies, a triple behind: y of the last one
	// waits here.
	pending int64
	left    int64 // of the new program
}

func openBSDIFF40(patch io.ReaderAt, patchSize int64, h bsdiffHead) *bsdiffSource {
	open := func(from, size int64) *bufio.Reader {
		packed := bufio.NewReaderSize(&section{r: patch, at: from, end: from + size}, 16<<10)
		return bufio.NewReaderSize(bzip2.NewReader(packed), 16<<10)
	}
	extra := bsdiffHeader + h.control + h.diff
	return &bsdiffSource{
		control: open(bsdiffHeader, h.control),
		diff:    open(bsdiffHeader+h.control, h.diff),
		extra:   open(extra, patchSize-extra),
		buf:     make([]byte, chunk),
		left:    h.newSize,
	}
}

func (s *bsdiffSource) model() *predictor { return nil }

func (s *bsdiffSource) next() (piece, error) {
	for {
		if s.left == 0 {
			if s.pending > 0 {
				p := piece{insert: s.pending}
				s.pending = 0
				return p, nil
			}
			return piece{}, io.EOF
		}
		b := s.buf[:24]
		if err := readFull(s.control, b, "the control stream"); err != nil {
			return piece{}, err
		}
		x, y, z := bsdiffNumber(b), bsdiffNumber(b[8:]), bsdiffNumber(b[16:])
		if x < 0 || y < 0 || x > s.left || y > s.left-x {
			return piece{}, corrupt("a triple of %d and %d bytes where %d are left", x, y, s.left)
		}
		s.left -= x + y
		p := piece{insert: s.pending, oldPos: s.oldPos, copy: x}
		s.pending = y
		// Beyond 2^62 either way lies no program; a sum cannot overflow.
		const far = 1 << 62
		if z > far || z < -far {
			return piece{}, corrupt("a seek by %d", z)
		}
		if s.oldPos += x + z; s.oldPos > far || s.oldPos < -far {
			return piece{}, corrupt("a seek to %d", s.oldPos)
		}
		if p.insert > 0 || p.copy > 0 {
			return p, nil
		}
		if s.idle++; s.idle > idleTriples {
			return piece{}, corrupt("more than %d triples that make nothing", idleTriples)
		}
	}
}

func (s *bsdiffSource) correct(copied []byte) error {
	for len(copied) > 0 {
		b := s.buf[:min(len(copied), len(s.buf))]
		if err := readFull(s.diff, b, "the stream of differences"); err != nil {
			return err
		}
		for i, d := range b {
			copied[i] += d
		}
		copied = copied[len(b):]
	}
	return nil
}

func (s *bsdiffSource) insert(b []byte) error { return readFull(s.extra, b, "the extra stream") }

func (s *bsdiffSource) finish() error {
	for _, stream := range []struct {
		r    io.ByteReader
		name string
	}{{s.control, "control stream"}, {s.diff, "stream of differences"}, {s.extra, "extra stream"}} {
		if _, err := stream.r.ReadByte(); err == nil {
			return corrupt("the %s goes on behind the end of the program", stream.name)
		} else if !errors.Is(err, io.EOF) {
			return damage(err, "the "+stream.name)
		}
	}
	return nil
}

func (s *bsdiffSource) close() {}
