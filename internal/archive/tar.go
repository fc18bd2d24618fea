package archive

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

type tarReader struct {
	*tar.Reader
	read *countingReader
}

func openTar(src io.ReaderAt, size int64) reader {
	in := &countingReader{r: io.NewSectionReader(src, 0, size)}
	return &tarReader{tar.NewReader(in), in}
}

func (t *tarReader) next() (header, io.Reader, error) {
	for {
		before := t.read.n
		h, err := t.Next()
		if err == io.EOF {
			return header{}, nil, t.ended(before)
		}
		if err != nil {
			return header{}, nil, fmt.Errorf("read the tar: %w", err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // says something of the entries that follow, and is none
		}
		e, err := ofTar(h)
		return e, t, err
	}
}

// ended is io.EOF where the archive has the mark of its end, two blocks of zeros.
// Package tar takes one that was cut between two entries for whole.
func (t *tarReader) ended(before int64) error {
	const mark = 2 * 512
	if t.read.n-before < mark {
		return fmt.Errorf("read the tar: it was cut short, or its end is not marked: %w", io.ErrUnexpectedEOF)
	}
	return io.EOF
}

// A countingReader hides that it could seek: what is counted was read.
type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func ofTar(h *tar.Header) (header, error) {
	e := header{name: h.Name, mode: fs.FileMode(h.Mode) & fs.ModePerm, size: h.Size}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return header{}, refuse("%.80q is a sparse file: pack it whole", h.Name)
		}
	}
	switch h.Typeflag {
	case tar.TypeReg:
	case tar.TypeDir:
		e.mode |= fs.ModeDir
	case tar.TypeSymlink:
		e.mode |= fs.ModeSymlink
		e.link = h.Linkname
	case tar.TypeLink:
		if h.Linkname == "" {
			return header{}, refuse("%.80q is a hard link to nothing", h.Name)
		}
		e.hard = h.Linkname
	case tar.TypeFifo:
		e.mode |= fs.ModeNamedPipe
	case tar.TypeBlock, tar.TypeChar:
		e.mode |= fs.ModeDevice
	default:
		return header{}, refuse("%.80q is of tar type %q: want files, directories and links only", h.Name, h.Typeflag)
	}
	return e, nil
}
