package archive

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// An Entry is one thing in a tree.
type Entry struct {
	Name   string      // with slashes, clean
	Mode   fs.FileMode // type and permissions, as they are on the disk
	Link   string      // what a symbolic link holds
	Size   int64       // of a file
	Digest [sha256.Size]byte
}

// A Listing is what an archive has put on the disk, each directory before what
// is in it. Directories that the archive only implies are in it too.
type Listing []Entry

// Find returns the entry of a name.
func (l Listing) Find(name string) (Entry, bool) {
	for _, e := range l {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Compare says whether the tree in dir still is what came out of the archive.
// Files beside those of the archive are no difference: programs write caches
// beside their code.
//
// Errors that can be matched: those of ctx, [ErrDiffers].
func (l Listing) Compare(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() // only read
	for _, e := range l {
		if err := e.compare(ctx, root); err != nil {
			return fmt.Errorf("compare %q with its archive: %q %w", dir, e.Name, err)
		}
	}
	return nil
}

// ErrDiffers is matched by the errors of a tree that was changed.
var ErrDiffers = fmt.Errorf("is not what the archive has")

func (e Entry) compare(ctx context.Context, root *os.Root) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := root.Lstat(e.Name)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDiffers, err)
	case info.Mode().Type() != e.Mode.Type():
		return fmt.Errorf("%w: it is %s, and should be %s", ErrDiffers, kind(info.Mode()), kind(e.Mode))
	case e.Mode.Type() == fs.ModeSymlink:
		return e.compareLink(root)
	case info.Mode() != e.Mode:
		return fmt.Errorf("%w: its mode is %v, and should be %v", ErrDiffers, info.Mode(), e.Mode)
	case e.Mode.IsDir():
		return nil
	case info.Size() != e.Size:
		return fmt.Errorf("%w: it has %d bytes, and should have %d", ErrDiffers, info.Size(), e.Size)
	}
	return e.compareBytes(ctx, root)
}

func (e Entry) compareLink(root *os.Root) error {
	to, err := root.Readlink(e.Name)
	if err != nil {
		return err
	}
	if to != e.Link {
		return fmt.Errorf("%w: it leads to %q, and should to %q", ErrDiffers, to, e.Link)
	}
	return nil
}

func (e Entry) compareBytes(ctx context.Context, root *os.Root) error {
	f, err := root.Open(e.Name)
	if err != nil {
		return err
	}
	defer f.Close() // only read
	h := sha256.New()
	if _, err := io.Copy(h, ctxReader{ctx, io.LimitReader(f, e.Size+1)}); err != nil {
		return err
	}
	if [sha256.Size]byte(h.Sum(nil)) != e.Digest {
		return fmt.Errorf("%w: it was written to", ErrDiffers)
	}
	return nil
}

// ctxReader ends a copy between two reads.
type ctxReader struct {
	ctx context.Context
	io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func kind(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "a file"
	case fs.ModeDir:
		return "a directory"
	case fs.ModeSymlink:
		return "a symbolic link"
	case fs.ModeNamedPipe:
		return "a named pipe"
	case fs.ModeSocket:
		return "a socket"
	default:
		return "a device"
	}
}
