package fetcher

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// maxDirectory bounds what is read of a zip to learn what is in it, and so the
// memory that takes.
const maxDirectory = 2 << 20

// zip gives one file of a zip.
func (p unpacking) zip(file io.ReaderAt, size int64) (io.ReadCloser, error) {
	at := &boundedAt{file, maxDirectory}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return nil, fmt.Errorf("read the zip: %w", err)
	}
	at.left = math.MaxInt64
	entry, err := p.find(z)
	if err != nil {
		return nil, err
	}
	const encrypted = 1
	switch {
	case entry.Flags&encrypted != 0:
		return nil, refuse("%q is encrypted in it", entry.Name)
	case !entry.Mode().IsRegular():
		return nil, refuse("%q is no regular file in it", entry.Name)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, fmt.Errorf("read %.80q in the zip: %w", entry.Name, err)
	}
	return &unpacked{
		Reader:  &bounded{r, p.max, fmt.Errorf("the unpacked release is %w", ErrTooLarge)},
		closers: []io.Closer{r},
	}, nil
}

// find holds all entries to the rules and returns the wanted one.
func (p unpacking) find(z *zip.Reader) (*zip.File, error) {
	var (
		members []member
		names   = roll{}
		byName  = map[string]*zip.File{}
		left    = uint64(p.max)
	)
	for _, f := range z.File {
		name, err := names.add(f.Name)
		if err != nil {
			return nil, err
		}
		if f.UncompressedSize64 > left {
			return nil, fmt.Errorf("the unpacked archive is %w", ErrTooLarge)
		}
		left -= f.UncompressedSize64
		byName[name] = f
		members = append(members, member{name, f.Mode().IsRegular(), isExecutable(f)})
	}
	want := p.path
	if want == "" {
		var err error
		if want, err = choose(members); err != nil {
			return nil, err
		}
	}
	if byName[want] == nil {
		return nil, refuse("there is no %q among its entries", want)
	}
	return byName[want], nil
}

// isExecutable goes by the mode, where the zip was made on a system that has one.
func isExecutable(f *zip.File) bool {
	const unix, darwin = 3, 19
	made := f.CreatorVersion >> 8
	return (made == unix || made == darwin) && f.Mode().Perm()&fs.FileMode(0o111) != 0
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
