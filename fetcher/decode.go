package fetcher

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-3d078585/overseer/release"
)

// The most memory that a stream may ask for.
const (
	// maxWindow is for a program that a server offers by itself: that of the
	// highest levels of the zstd command, --long included.
	maxWindow = 128 << 20

	// maxSignedWindow is for one that a manifest names: four times that of
	// zstd -19, the highest level without --ultra.
	maxSignedWindow = 32 << 20

	// maxDictionary of an xz stream is that of xz -9.
	maxDictionary = 64 << 20
)

// A packing is a way to compress, with what its bytes begin with.
type packing struct {
	name  string
	magic []byte
	open  func(r io.Reader, window uint64) (io.ReadCloser, error)
}

var (
	gzipPacking = &packing{"gzip", []byte{0x1f, 0x8b}, func(r io.Reader, _ uint64) (io.ReadCloser, error) { return gzip.NewReader(r) }}
	zstdPacking = &packing{"zstd", []byte{0x28, 0xb5, 0x2f, 0xfd}, openZstd}
	xzPacking   = &packing{"xz", []byte(xzMagic), func(r io.Reader, _ uint64) (io.ReadCloser, error) { return openXZ(r) }}
)

func openZstd(r io.Reader, window uint64) (io.ReadCloser, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	if err != nil {
		return nil, err
	}
	return advised{z.IOReadCloser(), window}, nil
}

// advised tells what to do about a stream that asks for too much memory.
type advised struct {
	io.ReadCloser
	window uint64
}

func (a advised) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		err = fmt.Errorf("%w: more than %d MiB; pack it with a lower level, or a smaller --long", err, a.window>>20)
	}
	return n, err
}

// A wrapping is how a program is packed: compressed, in an archive, or both. The
// zero wrapping is a program as it is.
type wrapping struct {
	packing *packing
	archive archive
}

// tree is how a directory release comes: as its archive, of which only the
// compression is undone.
func (w wrapping) tree() wrapping { return wrapping{packing: w.packing} }

func (w wrapping) isZero() bool { return w == wrapping{} }

// An archive is a form in which more than one file may come.
type archive string

const (
	tarArchive archive = "tar"
	zipArchive archive = "zip"
)

// wrappings are the ends of names that tell of one, longer ones first.
var wrappings = []struct {
	suffix string
	wrapping
}{
	{".tar.gz", wrapping{gzipPacking, tarArchive}},
	{".tar.zst", wrapping{zstdPacking, tarArchive}},
	{".tar.xz", wrapping{xzPacking, tarArchive}},
	{".tgz", wrapping{gzipPacking, tarArchive}},
	{".txz", wrapping{xzPacking, tarArchive}},
	{".tar", wrapping{nil, tarArchive}},
	{".zip", wrapping{nil, zipArchive}},
	{".gz", wrapping{gzipPacking, ""}},
	{".zst", wrapping{zstdPacking, ""}},
	{".xz", wrapping{xzPacking, ""}},
}

// wrappingOf tells by the end of a name how the bytes under it are packed.
func wrappingOf(name string) wrapping {
	name = strings.ToLower(path.Base(name))
	for _, w := range wrappings {
		if strings.HasSuffix(name, w.suffix) {
			return w.wrapping
		}
	}
	return wrapping{}
}

// signedWrapping is what a manifest says of an artifact.
func signedWrapping(p release.Packing) (wrapping, error) {
	switch p {
	case release.NotPacked:
		return wrapping{}, nil
	case release.Gzip:
		return wrapping{packing: gzipPacking}, nil
	case release.Zstd:
		return wrapping{packing: zstdPacking}, nil
	case release.XZ:
		return wrapping{packing: xzPacking}, nil
	case release.Tar:
		return wrapping{archive: tarArchive}, nil
	case release.TarGzip:
		return wrapping{gzipPacking, tarArchive}, nil
	case release.TarZstd:
		return wrapping{zstdPacking, tarArchive}, nil
	case release.TarXZ:
		return wrapping{xzPacking, tarArchive}, nil
	case release.Zip:
		return wrapping{archive: zipArchive}, nil
	}
	return wrapping{}, fmt.Errorf("packing %.40q: this program does not know it; upgrade it by hand once", p)
}

// accept is the Accept-Encoding for a name: bytes that are packed already are
// asked for as they are.
func accept(w wrapping) string {
	if !w.isZero() {
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

// An unpacking is how a body becomes a program.
type unpacking struct {
	wrapping
	path    string // in the archive; empty: the only program in it
	scratch string // a directory for files of a moment
	max     int64  // of what is unpacked
	window  uint64 // of zstd
}

// unpack undoes the Content-Encoding, and then the wrapping. It reads the first
// bytes. On an error, raw is left to the caller.
func (p unpacking) unpack(raw io.ReadCloser, encoding string) (*unpacked, error) {
	u := &unpacked{Reader: raw, closers: []io.Closer{raw}}
	encoding = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(encoding)), "x-")
	coded := false
	for _, c := range []*packing{gzipPacking, zstdPacking} {
		if c.name == encoding {
			if err := u.push(c, p.window); err != nil {
				return nil, err
			}
			coded = true
		}
	}
	if !coded && encoding != "" && encoding != "identity" {
		return nil, fmt.Errorf("the server answered with Content-Encoding %.40q, which was not asked for", encoding)
	}
	if p.archive != "" {
		u.pushArchive(p, coded)
		return u, nil
	}
	if p.packing != nil {
		if err := u.pushNamed(p.packing, p.window, coded); err != nil {
			return nil, err
		}
	}
	if u.packed {
		u.Reader = &bounded{u.Reader, p.max, fmt.Errorf("the unpacked release is %w", ErrTooLarge)}
	}
	return u, nil
}

// pushNamed undoes the packing that a name tells of. Some servers say
// "Content-Encoding: gzip" for a file named .gz and mean one packing, not two:
// the bytes tell.
func (u *unpacked) pushNamed(c *packing, window uint64, coded bool) error {
	head := bufio.NewReader(u.Reader)
	u.Reader = head
	begin, _ := head.Peek(len(c.magic))
	if coded && !bytes.Equal(begin, c.magic) {
		return nil
	}
	return u.push(c, window)
}

func (u *unpacked) push(c *packing, window uint64) error {
	decoder, err := c.open(u.Reader, window)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", c.name, err)
	}
	u.Reader, u.packed = decoder, true
	u.closers = append([]io.Closer{decoder}, u.closers...)
	return nil
}
