package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// Unpack puts what is in an archive into dir, which is there and empty, and
// returns what that is. The steps are told to disk; nothing is flushed. What it
// has made when it fails is for the caller to remove.
//
// Errors that can be matched: those of ctx, [ErrRefused].
func Unpack(ctx context.Context, disk durable.Disk, src io.ReaderAt, size int64, dir string, b Bounds) (Listing, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("unpack into %q: %w", dir, err)
	}
	defer root.Close() // what it has made is flushed by its name
	l, err := read(ctx, src, size, b, &writer{disk: disk, root: root, dir: dir})
	if errors.Is(err, fs.ErrExist) {
		err = refuse("two of its names are one on this filesystem: %v", err) // as Unicode has two spellings of ä
	}
	if err != nil {
		return nil, fmt.Errorf("unpack into %q: %w", dir, err)
	}
	return l, nil
}

// List reads an archive through, by the same rules, and writes nothing.
//
// Errors that can be matched: those of ctx, [ErrRefused].
func List(ctx context.Context, src io.ReaderAt, size int64, b Bounds) (Listing, error) {
	l, err := read(ctx, src, size, b, nowhere{})
	if err != nil {
		return nil, fmt.Errorf("read the archive: %w", err)
	}
	return l, nil
}

// A header is what an archive says of an entry, before any rule.
type header struct {
	name string
	mode fs.FileMode // its type is a file's for a hard link
	link string      // of a symbolic link
	hard string      // of a hard link
	size int64
}

// A reader gives one entry after the other, and io.EOF at the end. The body is
// good until the next one.
type reader interface {
	next() (header, io.Reader, error)
}

// A sink is where entries go.
type sink interface {
	directory(e Entry) error
	mode(e Entry) error                 // of a directory that is there
	file(e Entry, body io.Reader) error // to its end
	link(e Entry, of string) error
	symlink(e Entry) error
	end(Listing) error
}

// open tells by the first bytes what an archive is.
func open(src io.ReaderAt, size int64) (reader, error) {
	var head [512]byte
	n, err := src.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	begins := func(magic string) bool { return bytes.HasPrefix(head[:n], []byte(magic)) }
	for name, magic := range map[string]string{"gzip": "\x1f\x8b", "zstd": "\x28\xb5\x2f\xfd", "xz": "\xfd7zXZ\x00", "bzip2": "BZh"} {
		if begins(magic) {
			return nil, refuse("it is still packed with %s: that is the source's to undo (Tree of fetcher.HTTP, fetcher.File and fetcher.Github does), or publish the tar itself", name)
		}
	}
	switch {
	case begins("PK\x03\x04"):
		return openZip(src, size)
	case n == len(head) && string(head[257:262]) == "ustar":
		return openTar(src, size), nil
	}
	return nil, refuse("it begins neither as a tar nor as a zip does")
}

// read holds all entries to the rules and gives them to a sink.
func read(ctx context.Context, src io.ReaderAt, size int64, b Bounds, to sink) (Listing, error) {
	from, err := open(src, size)
	if err != nil {
		return nil, err
	}
	b = b.orDefault()
	in := intake{ctx: ctx, roll: newRoll(b), left: b.Bytes, to: to}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, body, err := from.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := in.take(h, body); err != nil {
			return nil, err
		}
	}
	if len(in.roll.list) == 0 {
		return nil, refuse("it is empty")
	}
	return in.roll.list, to.end(in.roll.list)
}
