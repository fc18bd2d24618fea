package fetcher

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"math"

	"github.com/ulikunitz/xz/lzma"
)

const xzMagic = "\xfd7zXZ\x00"

// An xzReader reads the xz format, https://tukaani.org/xz/xz-file-format.txt:
//
//	stream = header block… index footer;  file = stream (stream | padding)…
//
// The blocks' LZMA2 is the library's. The frame around them is read here, as a
// block says how large a dictionary it wants: 4 GiB, if it is of ill will. What
// is kept of an index is a hash, so memory does not grow with the file. Filters
// other than LZMA2 are refused.
type xzReader struct {
	in    *counted
	flags byte // the kind of check

	block *xzBlock
	count uint64    // blocks of this stream
	sizes hash.Hash // over the sizes of its blocks
	all   int       // blocks of all streams
	err   error
}

// maxBlocks bounds the work that dictionaries make: each block has a new one. xz
// makes blocks of 24 MiB and more.
const maxBlocks = 1024

// An xzBlock is the one that is read.
type xzBlock struct {
	data     io.Reader
	check    hash.Hash // nil: none
	start    int64     // of the block in the file
	body     int64     // of its LZMA2
	got      int64
	packed   int64 // as the header claims, or -1
	unpacked int64
}

// counted knows how far a reader has come.
type counted struct {
	*bufio.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.Reader.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

var errXZ = errors.New("the xz data is damaged")

func openXZ(r io.Reader) (io.ReadCloser, error) {
	x := &xzReader{in: &counted{Reader: bufio.NewReaderSize(r, 64<<10)}}
	if err := x.stream(); err != nil {
		return nil, unexpected(err)
	}
	return io.NopCloser(x), nil
}

func (x *xzReader) Read(p []byte) (int, error) {
	if len(p) == 0 || x.err != nil {
		return 0, x.err
	}
	for x.err == nil {
		if x.block == nil {
			x.err = x.next()
			continue
		}
		n, err := x.block.data.Read(p)
		x.block.got += int64(n)
		if x.block.check != nil {
			x.block.check.Write(p[:n])
		}
		if err == io.EOF {
			err = x.endBlock()
		}
		x.err = unexpected(err)
		if n > 0 {
			return n, nil
		}
	}
	return 0, x.err
}

// stream reads the header of one.
func (x *xzReader) stream() error {
	var h [12]byte
	if _, err := io.ReadFull(x.in, h[:]); err != nil {
		return err
	}
	if string(h[:6]) != xzMagic {
		return fmt.Errorf("%w: it does not begin as xz does", errXZ)
	}
	if h[6] != 0 || h[7] > 15 || binary.LittleEndian.Uint32(h[8:]) != crc32.ChecksumIEEE(h[6:8]) {
		return fmt.Errorf("%w: the stream's header", errXZ)
	}
	x.flags, x.count, x.sizes = h[7], 0, sha256.New()
	return nil
}

// next begins the next block, or ends the stream. The end of the file is io.EOF.
func (x *xzReader) next() error {
	start := x.in.n
	size, err := x.in.ReadByte()
	if err != nil {
		return unexpected(err)
	}
	if size == 0 {
		if err := x.index(start); err != nil {
			return unexpected(err)
		}
		return x.another()
	}
	head := make([]byte, (int(size)+1)*4)
	head[0] = size
	if _, err := io.ReadFull(x.in, head[1:]); err != nil {
		return unexpected(err)
	}
	dictionary, packed, unpacked, err := xzBlockHeader(head)
	if err != nil {
		return err
	}
	if x.all++; x.all > maxBlocks {
		return fmt.Errorf("xz: more than %d blocks: pack it with larger ones", maxBlocks)
	}
	b := &xzBlock{start: start, body: x.in.n, packed: packed, unpacked: unpacked}
	if b.check, err = xzCheck(x.flags); err != nil {
		return err
	}
	if b.data, err = (lzma.Reader2Config{DictCap: dictionary}).NewReader2(x.in); err != nil {
		return unexpected(err)
	}
	x.block = b
	return nil
}

// xzBlockHeader reads a block's header. Sizes that it does not state are -1.
func xzBlockHeader(head []byte) (dictionary int, packed, unpacked int64, err error) {
	damaged := fmt.Errorf("%w: a block's header", errXZ)
	end := len(head) - 4
	if binary.LittleEndian.Uint32(head[end:]) != crc32.ChecksumIEEE(head[:end]) {
		return 0, 0, 0, damaged
	}
	flags, rest := head[1], head[2:end]
	packed, unpacked = -1, -1
	for _, size := range []struct {
		stated bool
		to     *int64
	}{{flags&0x40 != 0, &packed}, {flags&0x80 != 0, &unpacked}} {
		if !size.stated {
			continue
		}
		value, n := binary.Uvarint(rest)
		if n <= 0 || value > math.MaxInt64 {
			return 0, 0, 0, damaged
		}
		*size.to, rest = int64(value), rest[n:]
	}
	if flags&0x3f != 0 || len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 {
		return 0, 0, 0, fmt.Errorf("xz: a filter other than LZMA2: pack it without --x86, --arm64 and the like")
	}
	bits := int(rest[2])
	if bits > 40 {
		return 0, 0, 0, damaged
	}
	size := (2 | uint64(bits&1)) << (bits/2 + 11)
	if size > maxDictionary {
		return 0, 0, 0, fmt.Errorf("xz: a dictionary of %d MiB, more than the %d MiB allowed: pack it with xz -9 or less", size>>20, maxDictionary>>20)
	}
	if unpacked >= 0 {
		size = max(lzma.MinDictCap, min(size, uint64(unpacked))) // it never reaches back further
	}
	return int(size), packed, unpacked, nil
}

// xzCheck makes the hash that proves a block. Unknown kinds are refused: they
// would be no check.
func xzCheck(kind byte) (hash.Hash, error) {
	switch kind {
	case 0x00:
		return nil, nil
	case 0x01:
		return crc32.NewIEEE(), nil
	case 0x04:
		return crc64.New(crc64.MakeTable(crc64.ECMA)), nil
	case 0x0a:
		return sha256.New(), nil
	}
	return nil, fmt.Errorf("xz: unknown kind of check %d", kind)
}

// endBlock compares a block with what its frame says of it.
func (x *xzReader) endBlock() error {
	b := x.block
	x.block = nil
	packed := x.in.n - b.body
	if (b.packed >= 0 && b.packed != packed) || (b.unpacked >= 0 && b.unpacked != b.got) {
		return fmt.Errorf("%w: the sizes of a block", errXZ)
	}
	if err := x.zeros(-packed & 3); err != nil {
		return err
	}
	size := x.in.n - b.start
	if b.check != nil {
		want := make([]byte, b.check.Size())
		if _, err := io.ReadFull(x.in, want); err != nil {
			return err
		}
		if string(want) != string(littleSum(b.check)) {
			return fmt.Errorf("%w: the check of a block", errXZ)
		}
		size += int64(len(want))
	}
	x.record(uint64(size-(-packed&3)), uint64(b.got))
	x.count++
	return nil
}

// littleSum is a sum as xz writes it: CRCs with the lowest byte first.
func littleSum(h hash.Hash) []byte {
	switch h := h.(type) {
	case hash.Hash32:
		return binary.LittleEndian.AppendUint32(nil, h.Sum32())
	case hash.Hash64:
		return binary.LittleEndian.AppendUint64(nil, h.Sum64())
	}
	return h.Sum(nil)
}

func (x *xzReader) record(packed, unpacked uint64) {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], packed)
	binary.LittleEndian.PutUint64(b[8:], unpacked)
	x.sizes.Write(b[:])
}

// index reads what follows the last block: the sizes of all once more, and the
// stream's footer.
func (x *xzReader) index(start int64) error {
	had, sum := x.sizes.Sum(nil), crc32.NewIEEE()
	sum.Write([]byte{0})
	x.sizes = sha256.New()
	in := &summed{x.in, sum}
	damaged := fmt.Errorf("%w: its index", errXZ)
	count, err := binary.ReadUvarint(in)
	if err != nil || count != x.count {
		return errors.Join(damaged, err)
	}
	for range count {
		packed, err := binary.ReadUvarint(in)
		if err != nil {
			return errors.Join(damaged, err)
		}
		unpacked, err := binary.ReadUvarint(in)
		if err != nil {
			return errors.Join(damaged, err)
		}
		x.record(packed, unpacked)
	}
	for range -(x.in.n - start) & 3 {
		if b, err := in.ReadByte(); err != nil || b != 0 {
			return errors.Join(damaged, err)
		}
	}
	size := x.in.n - start + 4
	var tail [4 + 12]byte
	if _, err := io.ReadFull(x.in, tail[:]); err != nil {
		return err
	}
	foot := tail[4:]
	switch {
	case string(had) != string(x.sizes.Sum(nil)),
		binary.LittleEndian.Uint32(tail[:]) != sum.Sum32(),
		binary.LittleEndian.Uint32(foot) != crc32.ChecksumIEEE(foot[4:10]),
		(int64(binary.LittleEndian.Uint32(foot[4:]))+1)*4 != size,
		foot[8] != 0 || foot[9] != x.flags,
		string(foot[10:]) != "YZ":
		return damaged
	}
	return nil
}

// summed adds what is read to a checksum.
type summed struct {
	in  io.ByteReader
	sum hash.Hash
}

func (s *summed) ReadByte() (byte, error) {
	b, err := s.in.ReadByte()
	if err == nil {
		s.sum.Write([]byte{b})
	}
	return b, err
}

// another skips padding and begins the stream that follows, if one does.
func (x *xzReader) another() error {
	for {
		four, err := x.in.Peek(4)
		if len(four) == 0 && err != nil {
			return err // io.EOF: the end of the file
		}
		if string(four) != "\x00\x00\x00\x00" {
			return unexpected(x.stream())
		}
		if err := x.zeros(4); err != nil {
			return err
		}
	}
}

func (x *xzReader) zeros(n int64) error {
	for range n {
		if b, err := x.in.ReadByte(); err != nil {
			return err
		} else if b != 0 {
			return fmt.Errorf("%w: its padding", errXZ)
		}
	}
	return nil
}

// unexpected is for an end where none may be.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
