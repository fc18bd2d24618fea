package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// File offers the program at a path. It sees a file that was replaced by a
// rename, written in place, or reached through a symbolic link that was
// flipped; it waits for one that is still being copied; and one that is missing
// or empty is no update.
//
// What lies at the path when the first Fetch looks is offered too: it may be
// newer than what runs. (The updater drops bytes that run already.)
//
// A change is seen by size, modification time and identity of the file. A copy
// that pauses for longer than Settle cannot be told from a finished one; where
// that may happen, copy beside the path and rename.
//
// Call its methods from one goroutine at a time.
type File struct {
	// Path of the program. A relative one is resolved at each look.
	Path string

	// Interval between two looks. Defaults to 1 second.
	Interval time.Duration

	// Settle is for how long a file must not have changed before it is
	// read. Defaults to 200 ms.
	Settle time.Duration

	// MaxSize of the program; a larger one is [ErrTooLarge]. Defaults to
	// 1 GiB.
	MaxSize int64

	// Tree is as in [HTTP]: the file is the archive of a directory release,
	// and one that ends in .gz, .tgz, .zst, .xz or .txz has its compression
	// undone. MaxSize then bounds it packed and unpacked.
	Tree bool

	pace  pace
	taken fs.FileInfo // what the consumer has; nil before that
}

// Init checks the fields. The file need not exist yet; a directory is refused.
func (f *File) Init() error {
	if f.Path == "" {
		return fmt.Errorf("fetcher.File.Path is empty: name the file to watch")
	}
	if f.Settle < 0 {
		return fmt.Errorf("fetcher.File.Settle is %v: it must not be negative (0 is the default)", f.Settle)
	}
	if err := checkFields("fetcher.File", f.Interval, 0, f.MaxSize); err != nil {
		return err
	}
	_, err := f.look()
	return err
}

// Fetch is FetchContext without an end.
func (f *File) Fetch() (io.Reader, error) { return f.FetchContext(context.Background()) }

// FetchContext waits for its Interval, looks at the path, and where there is
// something new waits for Settle to see whether it stands still. The reader
// fails where the file changes while it is read.
func (f *File) FetchContext(ctx context.Context) (io.Reader, error) {
	if err := f.pace.wait(ctx, orDefault(f.Interval, time.Second)); err != nil {
		return nil, err
	}
	if IsAtOnce(ctx) {
		f.taken = nil
	}
	first, err := f.look()
	if err != nil || first == nil || sameState(first, f.taken) {
		return nil, err
	}
	if err := sleep(ctx, orDefault(f.Settle, 200*time.Millisecond)); err != nil {
		return nil, err
	}
	second, err := f.look()
	if err != nil || !sameState(first, second) {
		return nil, err // still being written: the next call looks again
	}
	return f.open(ctx, second)
}

// look returns the state of the file, or nil where there is nothing to read.
func (f *File) look() (fs.FileInfo, error) {
	info, err := os.Stat(f.Path)
	switch {
	case os.IsNotExist(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("look for a new program: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("look for a new program at %q: it is not a regular file but %s", f.Path, kind(info.Mode()))
	case info.Size() == 0:
		return nil, nil // a copy that begins
	case info.Size() > orDefault(f.MaxSize, defaultMaxSize):
		return nil, fmt.Errorf("look for a new program at %q (%d bytes): %w", f.Path, info.Size(), ErrTooLarge)
	}
	return info, nil
}

func (f *File) open(ctx context.Context, want fs.FileInfo) (io.Reader, error) {
	// Should a named pipe have taken the file's place, O_NONBLOCK keeps the
	// open from waiting for its writer.
	file, err := os.OpenFile(f.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the new program: %w", err)
	}
	if got, err := file.Stat(); err != nil || !sameState(got, want) {
		file.Close()
		return nil, err
	}
	o := &offer{
		body:     &steadyFile{ctx: ctx, file: file, want: want},
		about:    release.Candidate{Source: f.Path, Size: want.Size()},
		remember: func() { f.taken = want },
	}
	if f.Tree {
		return f.unpack(o)
	}
	return o, nil
}

// unpack undoes the compression of the archive of a tree.
func (f *File) unpack(o *offer) (io.Reader, error) {
	as := unpacking{wrapping: wrappingOf(f.Path).tree(), max: orDefault(f.MaxSize, defaultMaxSize), window: maxWindow}
	body, err := as.unpack(o.body, "")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the new release %q: %w", f.Path, err), o.body.Close())
	}
	o.body = body
	if body.packed {
		o.about.Size = 0 // not known yet
	}
	return o, nil
}

// sameState reports whether two looks saw the same file, unchanged.
func sameState(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) &&
		a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}
