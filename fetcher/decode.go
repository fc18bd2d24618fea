package fetcher

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// maxWindow is the most memory that a zstd stream may ask for: that of the
// highest levels of the zstd command, --long included.
const maxWindow = 128 << 20

// A packing is a way to compress, with what its bytes begin with.
type packing struct {
	name, suffix string
	magic        []byte
	open         func(io.Reader) (io.ReadCloser, error)
}

var packings = []packing{
	{"gzip", ".gz", []byte{0x1f, 0x8b}, func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }},
	{"zstd", ".zst", []byte{0x28, 0xb5, 0x2f, 0xfd}, func(r io.Reader) (io.ReadCloser, error) {
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}},
}

// packingOf tells by the end of a name how the bytes under it are packed.
func packingOf(name string) *packing {
	for i := range packings {
		if strings.HasSuffix(strings.ToLower(name), packings[i].suffix) {
			return &packings[i]
		}
	}
	return nil
}

// accept is the Accept-Encoding for a name: bytes that are packed already are
// asked for as they are.
func accept(suffix *packing) string {
	if suffix != nil {
		return "identity"
	}
	return "zstd, gzip"
}

// An unpacked body closes its decoders and then what they read from.
type unpacked struct {
	io.Reader
	closers []io.Closer // innermost last
	packed  bool
}

func (u *unpacked) Close() error {
	var first error
	for _, c := range u.closers {
		if err := c.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// unpack undoes the Content-Encoding, and then the packing that the name tells
// of. It reads the first bytes. On an error, raw is left to the caller.
func unpack(raw io.ReadCloser, encoding string, suffix *packing, max int64) (*unpacked, error) {
	u := &unpacked{Reader: raw, closers: []io.Closer{raw}}
	encoding = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(encoding)), "x-")
	coded := false
	for i := range packings {
		if p := &packings[i]; p.name == encoding {
			if err := u.push(p); err != nil {
				return nil, err
			}
			coded = true
		}
	}
	if !coded && encoding != "" && encoding != "identity" {
		return nil, fmt.Errorf("the server answered with Content-Encoding %.40q, which was not asked for", encoding)
	}
	if suffix != nil {
		// Some servers say "Content-Encoding: gzip" for a file named .gz
		// and mean one packing, not two: the bytes tell.
		head := bufio.NewReader(u.Reader)
		u.Reader = head
		begin, _ := head.Peek(len(suffix.magic))
		if !coded || bytes.Equal(begin, suffix.magic) {
			if err := u.push(suffix); err != nil {
				return nil, err
			}
		}
	}
	if u.packed {
		u.Reader = &bounded{u.Reader, max, fmt.Errorf("the unpacked release is %w", ErrTooLarge)}
	}
	return u, nil
}

func (u *unpacked) push(p *packing) error {
	decoder, err := p.open(u.Reader)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", p.name, err)
	}
	u.Reader, u.packed = decoder, true
	u.closers = append([]io.Closer{decoder}, u.closers...)
	return nil
}
