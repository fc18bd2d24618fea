package fetcher

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
)

// A tarReader yields one file of a tar as the archive goes by. It ends only
// after it has seen the rest, so that the rules hold for all entries.
type tarReader struct {
	tar    *tar.Reader
	stream *unpacked // the tar itself, unpacked and bounded
	want   string
	roll   roll
	found  bool
	inside bool // the wanted entry is being read
	err    error
}

// openTar undoes the packing around a tar and bounds what comes out.
func (p unpacking) openTar(r io.Reader, coded bool) (*tarReader, error) {
	u := &unpacked{Reader: r}
	if p.packing != nil {
		if err := u.pushNamed(p.packing, p.window, coded); err != nil {
			u.Close()
			return nil, err
		}
	}
	u.Reader = &bounded{u.Reader, p.max, fmt.Errorf("the unpacked archive is %w", ErrTooLarge)}
	return &tarReader{tar: tar.NewReader(u.Reader), stream: u, want: p.path, roll: roll{}}, nil
}

func (p unpacking) tar(r io.Reader, coded bool) (io.ReadCloser, error) {
	t, err := p.openTar(r, coded)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// listTar reads a tar through.
func (p unpacking) listTar(r io.Reader, coded bool) (all []member, err error) {
	t, err := p.openTar(r, coded)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	for {
		h, name, err := t.next()
		if err == io.EOF {
			return all, t.drain()
		}
		if err != nil {
			return nil, err
		}
		all = append(all, member{name, isProgram(h), h.FileInfo().Mode().Perm()&0o111 != 0})
	}
}

func (t *tarReader) Read(p []byte) (int, error) {
	for t.err == nil {
		if !t.inside {
			t.err = t.seek()
			continue
		}
		n, err := t.tar.Read(p)
		if err == io.EOF {
			t.inside, err = false, nil
		}
		t.err = err
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, t.err
}

// seek goes to the wanted entry, or to the end of the archive.
func (t *tarReader) seek() error {
	for {
		h, name, err := t.next()
		switch {
		case err == io.EOF && !t.found:
			return refuse("there is no %q among its entries", t.want)
		case err == io.EOF:
			if err := t.drain(); err != nil {
				return err
			}
			return io.EOF
		case err != nil:
			return err
		case name != t.want:
			continue
		case !isProgram(h):
			return refuse("%q is no regular file in it", t.want)
		}
		t.found, t.inside = true, true
		return nil
	}
}

// next returns the header of the next entry, and its cleaned name.
func (t *tarReader) next() (*tar.Header, string, error) {
	for {
		h, err := t.tar.Next()
		if err == io.EOF {
			return nil, "", io.EOF
		}
		if err != nil {
			return nil, "", fmt.Errorf("read the tar: %w", err)
		}
		if h.Typeflag == tar.TypeXGlobalHeader {
			continue // says something of the entries that follow, and is none
		}
		name, err := t.roll.add(h.Name)
		return h, name, err
	}
}

// drain reads what follows the end of the archive: zeros, as a rule.
func (t *tarReader) drain() error {
	_, err := io.Copy(io.Discard, t.stream.Reader)
	return err
}

// isProgram reports whether an entry is a file whose bytes are all there: no
// link, no directory, nothing sparse.
func isProgram(h *tar.Header) bool {
	for key := range maps.Keys(h.PAXRecords) {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return false
		}
	}
	return h.Typeflag == tar.TypeReg
}

func (t *tarReader) Close() error {
	if t.err == nil {
		t.err = errors.New("the archive was closed")
	}
	return t.stream.Close()
}
