package fetcher

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Bounds of an archive. What is unpacked of one, entries that are skipped
// included, is bounded by MaxSize.
const (
	maxEntries   = 10_000
	maxEntryName = 4096
)

// ErrArchive is matched by the errors of an archive that is refused: a name in
// it that leads out of it, a name that is there twice, more entries than 10,000,
// a program that is not there or no regular file.
var ErrArchive = errors.New("the archive is refused")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrArchive}, args...)...)
}

// A member is an entry of an archive, by its cleaned name.
type member struct {
	name       string
	regular    bool
	executable bool
}

// A roll holds the names that an archive has. All are held to the same rules,
// wanted or not: an archive that breaks them was not made by an honest tool.
type roll map[string]bool

// add cleans a name and refuses what two readers might understand differently.
func (r roll) add(name string) (string, error) {
	if len(r) == maxEntries {
		return "", refuse("it has more than %d entries", maxEntries)
	}
	clean := path.Clean(strings.TrimSuffix(name, "/"))
	switch {
	case name == "" || len(name) > maxEntryName:
		return "", refuse("an entry's name has %d bytes: want 1 to %d", len(name), maxEntryName)
	case strings.ContainsAny(name, "\\\x00"):
		return "", refuse("%.80q has a backslash or a zero byte in its name", name)
	case strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") || !fs.ValidPath(clean):
		return "", refuse("%.80q leads out of it", name)
	case r[clean]:
		return "", refuse("%.80q is in it twice", clean)
	}
	r[clean] = true
	return clean, nil
}

// choose returns the program among the members of an archive for which no path
// was given: the one executable file, or the one file where none is executable.
func choose(all []member) (string, error) {
	var files, executables []string
	for _, m := range all {
		if m.regular {
			files = append(files, m.name)
		}
		if m.regular && (m.executable || strings.HasSuffix(strings.ToLower(m.name), ".exe")) {
			executables = append(executables, m.name)
		}
	}
	switch {
	case len(executables) == 1:
		return executables[0], nil
	case len(executables) == 0 && len(files) == 1:
		return files[0], nil
	case len(executables) > 1:
		return "", refuse("which of its programs %.400q is wanted? Name it by Path", executables)
	}
	return "", refuse("none of its files %.400q is executable: name the program by Path", files)
}

// A lazy reader is made at its first Read.
type lazy struct {
	open func() (io.ReadCloser, error)
	now  io.ReadCloser
	err  error
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.now == nil && l.err == nil {
		l.now, l.err = l.open()
	}
	if l.err != nil {
		return 0, l.err
	}
	return l.now.Read(p)
}

func (l *lazy) Close() error {
	if l.now == nil {
		return nil
	}
	return l.now.Close()
}

// pushArchive gives the program out of an archive. Nothing is read yet. A tar
// whose program is named is read as it comes; else the archive is brought to the
// disk first.
func (u *unpacked) pushArchive(p unpacking, coded bool) {
	raw := u.Reader
	l := &lazy{open: func() (io.ReadCloser, error) { return p.viaDisk(raw, coded) }}
	if p.archive == tarArchive && p.path != "" {
		l.open = func() (io.ReadCloser, error) { return p.tar(raw, coded) }
	}
	u.Reader, u.packed = l, true
	u.closers = append([]io.Closer{l}, u.closers...)
}

// viaDisk keeps the archive for as long as its program is read.
func (p unpacking) viaDisk(raw io.Reader, coded bool) (io.ReadCloser, error) {
	file, err := spool(p.scratch, raw, p.max)
	if err != nil {
		return nil, err
	}
	r, err := p.spooled(file, coded)
	if err != nil {
		file.Close()
		return nil, err
	}
	return &unpacked{Reader: r, closers: []io.Closer{r, file}}, nil
}

// spooled gives the program out of an archive on the disk.
func (p unpacking) spooled(file *scratchFile, coded bool) (io.ReadCloser, error) {
	if p.archive == zipArchive {
		return p.zip(file, file.size)
	}
	whole := func() io.Reader { return io.NewSectionReader(file, 0, file.size) }
	if p.path == "" {
		members, err := p.listTar(whole(), coded)
		if err != nil {
			return nil, err
		}
		if p.path, err = choose(members); err != nil {
			return nil, err
		}
	}
	return p.tar(whole(), coded)
}
