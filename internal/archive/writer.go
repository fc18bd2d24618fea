package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// A writer puts entries below a directory. It goes through an [os.Root], which
// follows no link out of it.
type writer struct {
	disk durable.Disk
	root *os.Root
	dir  string
	buf  []byte
}

// chunkSize is what is written at a time, while nothing forks.
const chunkSize = 512 << 10

func (w *writer) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *writer) directory(e Entry) error {
	return w.disk.Do(durable.Step{Op: durable.Mkdir, Path: w.path(e.Name)}, func() error {
		if err := w.root.Mkdir(e.Name, 0o700); err != nil {
			return err
		}
		return w.root.Chmod(e.Name, e.Mode.Perm())
	})
}

func (w *writer) mode(e Entry) error {
	return w.disk.Do(durable.Step{Op: durable.Mode, Path: w.path(e.Name)}, func() error {
		return w.root.Chmod(e.Name, e.Mode.Perm())
	})
}

func (w *writer) symlink(e Entry) error {
	return w.disk.Do(durable.Step{Op: durable.Symlink, Path: w.path(e.Name)}, func() error {
		return w.root.Symlink(e.Link, e.Name)
	})
}

func (w *writer) link(e Entry, of string) error {
	return w.disk.Do(durable.Step{Op: durable.Link, Path: w.path(of), To: w.path(e.Name)}, func() error {
		return w.root.Link(of, e.Name)
	})
}

func (w *writer) file(e Entry, body io.Reader) error {
	return w.disk.Do(durable.Step{Op: durable.Write, Path: w.path(e.Name)}, func() (err error) {
		f, err := w.root.OpenFile(e.Name, os.O_RDONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		err = w.fill(f, e.Name, body)
		if err == nil {
			err = f.Chmod(e.Mode.Perm())
		}
		return errors.Join(err, f.Close())
	})
}

// fill writes piece by piece, with a descriptor that no child can get: see
// [durable.WithoutForks].
func (w *writer) fill(made *os.File, name string, body io.Reader) error {
	if w.buf == nil {
		w.buf = make([]byte, chunkSize)
	}
	for {
		n, err := readChunk(body, w.buf)
		if n > 0 {
			if err := durable.WithoutForks(func() error { return w.append(made, name, w.buf[:n]) }); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %.80q: %w", name, err)
		}
	}
}

// readChunk fills buf. [io.ReadFull] would make one thing of the end of a body
// and of a body that was cut short and says so.
func readChunk(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var more int
		more, err = r.Read(buf[n:])
		n += more
	}
	return n, err
}

func (w *writer) append(made *os.File, name string, data []byte) error {
	f, err := w.root.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = sameFile(f, made)
	}
	return errors.Join(err, f.Close())
}

// sameFile proves that nobody has put another file in the place of the one that
// was made.
func sameFile(a, b *os.File) error {
	x, err := a.Stat()
	if err != nil {
		return err
	}
	y, err := b.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(x, y) {
		return fmt.Errorf("%q is another file now: find out who writes there", a.Name())
	}
	return nil
}

// end looks through all links once more, now that what they lead to is there.
func (w *writer) end(l Listing) error {
	for _, e := range l {
		if e.Mode.Type() != fs.ModeSymlink {
			continue
		}
		if _, err := w.root.Stat(e.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return refuse("the link %.80q leads to %.80q: %v", e.Name, e.Link, err)
		}
	}
	return nil
}

// nowhere reads bodies to their end and keeps nothing.
type nowhere struct{}

func (nowhere) directory(Entry) error    { return nil }
func (nowhere) mode(Entry) error         { return nil }
func (nowhere) link(Entry, string) error { return nil }
func (nowhere) symlink(Entry) error      { return nil }
func (nowhere) end(Listing) error        { return nil }

func (nowhere) file(e Entry, body io.Reader) error {
	if _, err := io.Copy(io.Discard, body); err != nil {
		return fmt.Errorf("read %.80q: %w", e.Name, err)
	}
	return nil
}
