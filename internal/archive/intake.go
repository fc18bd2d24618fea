package archive

import (
	"context"
	"crypto/sha256"
	"io"
	"io/fs"
)

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
