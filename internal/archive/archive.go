package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
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

// An intake takes entries in, one by one.
type intake struct {
	ctx  context.Context
	roll *roll
	left int64 // bytes of files
	to   sink
}

func (in *intake) take(h header, body io.Reader) error {
	name, err := clean(h.name)
	if err != nil {
		return err
	}
	e := Entry{Name: name, Mode: tame(h.mode), Size: h.size}
	if name == "." {
		if !e.Mode.IsDir() {
			return refuse("%.80q is %s: want the directory itself", h.name, kind(e.Mode))
		}
		return nil // "tar -C dir -c ." begins so; the tree has a mode of its own
	}
	if err := in.imply(name); err != nil {
		return err
	}
	switch {
	case h.hard != "":
		return in.hardLink(e, h.hard)
	case e.Mode.IsDir():
		if in.roll.settle(e) {
			return in.to.mode(e)
		}
		return in.put(e, in.to.directory)
	case e.Mode.Type() == fs.ModeSymlink:
		if err := checkLink(name, h.link); err != nil {
			return err
		}
		e.Link, e.Size = h.link, 0
		return in.put(e, in.to.symlink)
	case e.Mode.IsRegular():
		return in.file(e, body)
	}
	return refuse("%.80q is %s: want files, directories and links only", name, kind(e.Mode))
}

// put notes an entry, and then gives it to the sink.
func (in *intake) put(e Entry, to func(Entry) error) error {
	if err := in.roll.add(e); err != nil {
		return err
	}
	return to(e)
}

// imply makes the directories that no entry has brought.
func (in *intake) imply(name string) error {
	dirs, err := in.roll.missing(name)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := in.put(Entry{Name: dir, Mode: fs.ModeDir | 0o755}, in.to.directory); err != nil {
			return err
		}
		in.roll.made[dir] = true
	}
	return nil
}

func (in *intake) file(e Entry, body io.Reader) error {
	if e.Size < 0 || e.Size > in.left {
		return refuse("the files in it have more bytes than allowed; %.80q is one too many", e.Name)
	}
	in.left -= e.Size
	if err := in.roll.add(e); err != nil {
		return err
	}
	h := sha256.New()
	n := counter(0)
	// One byte more than announced, so that a longer file shows.
	of := io.LimitReader(ctxReader{in.ctx, body}, e.Size+1)
	if err := in.to.file(e, io.TeeReader(of, io.MultiWriter(h, &n))); err != nil {
		return err
	}
	if int64(n) != e.Size {
		return refuse("%.80q has another length than the %d bytes that it announces", e.Name, e.Size)
	}
	in.roll.list[in.roll.known[e.Name]].Digest = [sha256.Size]byte(h.Sum(nil))
	return nil
}

// hardLink is a second name of a file that came before.
func (in *intake) hardLink(e Entry, of string) error {
	target, err := clean(of)
	if err != nil {
		return err
	}
	i, ok := in.roll.known[target]
	if !ok || !in.roll.list[i].Mode.IsRegular() {
		return refuse("%.80q is a hard link to %.80q, which is no file that came before it", e.Name, of)
	}
	first := in.roll.list[i]
	e.Mode, e.Size, e.Digest = first.Mode, first.Size, first.Digest
	return in.put(e, func(e Entry) error { return in.to.link(e, target) })
}

// tame is the mode that an entry gets: its owner may always read and never
// needs more, nobody else may write, and nobody becomes another user by it.
func tame(mode fs.FileMode) fs.FileMode {
	perm := mode.Perm() &^ 0o022
	switch {
	case mode.IsDir():
		return fs.ModeDir | perm | 0o700
	case mode.IsRegular():
		return perm | 0o400
	}
	return mode.Type()
}

// A counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
