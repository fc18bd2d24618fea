package delta

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// window is how far back a packed stream may refer. A reader holds as much for
// each stream.
const window = 1 << 20

// A stream is one packed part of a patch.
type stream struct {
	name string
	raw  *bufio.Reader
	zstd *zstd.Decoder
	left int64 // unpacked
}

func openStream(patch io.ReaderAt, at int64, h streamHead, name string) (*stream, error) {
	s := &stream{name: name, left: h.unpacked}
	packed := &section{r: patch, at: at, end: at + h.packed}
	if h.method == methodStored {
		s.raw = bufio.NewReaderSize(packed, 16<<10)
		return s, nil
	}
	var err error
	s.zstd, err = zstd.NewReader(bufio.NewReaderSize(packed, 16<<10), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, damage(err, name)
	}
	s.raw = bufio.NewReaderSize(s.zstd, 16<<10)
	return s, nil
}

func (s *stream) close() {
	if s.zstd != nil {
		s.zstd.Close()
	}
}

// full fills b.
func (s *stream) full(b []byte) error {
	if int64(len(b)) > s.left {
		return corrupt("%s holds less than is taken from it", s.name)
	}
	s.left -= int64(len(b))
	return readFull(s.raw, b, s.name)
}

// ReadByte serves binary.ReadUvarint.
func (s *stream) ReadByte() (byte, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	return s.raw.ReadByte()
}

var errOverflow = errors.New("a number of more than 63 bits")

// number reads a number of 63 bits at most.
func (s *stream) number() (int64, error) {
	u, err := binary.ReadUvarint(s)
	if err == nil && u > 1<<63-1 {
		err = errOverflow
	}
	return int64(u), damage(err, s.name)
}

// signed reads a number with a sign in its lowest bit.
func (s *stream) signed() (int64, error) {
	u, err := binary.ReadUvarint(s)
	return int64(u>>1) ^ -int64(u&1), damage(err, s.name)
}

// end is an error where the stream goes on.
func (s *stream) end() error {
	if s.left > 0 {
		return corrupt("%s holds %d bytes that nothing uses", s.name, s.left)
	}
	if _, err := s.raw.ReadByte(); err == nil {
		return corrupt("%s is longer than the header says", s.name)
	} else if err != io.EOF {
		return damage(err, s.name)
	}
	return nil
}

// newPacker returns what packs the streams of a patch, one after the other. The
// digest of the new program is checksum enough.
func newPacker() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
}

// pack packs a stream in the shorter of two ways.
func pack(w *zstd.Encoder, b []byte) (streamHead, []byte) {
	h := streamHead{methodStored, int64(len(b)), int64(len(b))}
	if packed := w.EncodeAll(b, nil); len(packed) < len(b) {
		return streamHead{methodZstd, int64(len(packed)), int64(len(b))}, packed
	}
	return h, b
}
