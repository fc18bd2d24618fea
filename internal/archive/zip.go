package archive

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// maxDirectory bounds what is read of a zip to learn what is in it, and so the
// memory that takes.
const maxDirectory = 16 << 20

type zipReader struct {
	files []*zip.File
	body  io.Closer // of the entry before
}

func openZip(src io.ReaderAt, size int64) (reader, error) {
	at := &boundedAt{src, maxDirectory}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, fmt.Errorf("read the zip: %w", err)
	}
	at.left = math.MaxInt64
	return &zipReader{files: z.File}, nil
}

func (z *zipReader) next() (header, io.Reader, error) {
	if z.body != nil {
		z.body.Close() // only read
		z.body = nil
	}
	if len(z.files) == 0 {
		return header{}, nil, io.EOF
	}
	f := z.files[0]
	z.files = z.files[1:]
	const encrypted = 1
	if f.Flags&encrypted != 0 {
		return header{}, nil, refuse("%.80q is encrypted in it", f.Name)
	}
	if f.UncompressedSize64 > math.MaxInt64 {
		return header{}, nil, refuse("%.80q claims %d bytes", f.Name, f.UncompressedSize64)
	}
	body, err := f.Open()
	if err != nil {
		return header{}, nil, fmt.Errorf("read %.80q in the zip: %w", f.Name, err)
	}
	z.body = body
	h := header{name: f.Name, mode: f.Mode(), size: int64(f.UncompressedSize64)}
	if h.mode.Type() == fs.ModeSymlink {
		to, err := io.ReadAll(io.LimitReader(body, maxPath+1))
		if err != nil {
			return header{}, nil, fmt.Errorf("read %.80q in the zip: %w", f.Name, err)
		}
		h.link = string(to)
	}
	return h, body, nil
}

// boundedAt fails after a number of bytes.
type boundedAt struct {
	io.ReaderAt
	left int64
}

func (b *boundedAt) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, refuse("its directory is larger than %d MiB", maxDirectory>>20)
	}
	return b.ReaderAt.ReadAt(p, off)
}
