package fetcher

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Dir is the [Place] of the files in a directory. Links in it may not lead out
// of it. Files may be replaced by a rename at any time; one that is written to
// while it is read is [ErrChanged]. The directory itself may be a link that is
// flipped: it is looked up at each Open.
//
// On a mount that hangs, Open returns with the end of ctx, or after 30 seconds;
// at most 16 such calls are left behind. A Read that hangs there is left to
// whoever reads.
func Dir(path string) Place { return &dirPlace{path: path, hung: make(chan struct{}, maxHung)} }

const maxHung = 16

type dirPlace struct {
	path string
	hung chan struct{} // holds one for each Open that is under way
}

func (p *dirPlace) check() error {
	if p.path == "" {
		return fmt.Errorf("fetcher.Dir has an empty path: name the directory of the releases")
	}
	return nil
}

func (p *dirPlace) String() string { return p.path }

func (p *dirPlace) Open(ctx context.Context, want Want) (*Found, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case p.hung <- struct{}{}:
	default:
		return nil, fmt.Errorf("open %q in %q: %d earlier tries hang: %w", want.Name, p.path, maxHung, os.ErrDeadlineExceeded)
	}
	type outcome struct {
		found *Found
		err   error
	}
	done := make(chan outcome)
	late, cancel := context.WithTimeoutCause(ctx, defaultStall, errStalled(defaultStall))
	go func() {
		defer func() { <-p.hung }()
		found, err := p.open(ctx, want)
		select {
		case done <- outcome{found, err}:
		case <-late.Done():
			if found != nil {
				found.Body.Close()
			}
		}
	}()
	defer cancel()
	select {
	case o := <-done:
		return o.found, o.err
	case <-late.Done():
		return nil, fmt.Errorf("open %q in %q: %w", want.Name, p.path, context.Cause(late))
	}
}

func (p *dirPlace) open(ctx context.Context, want Want) (*Found, error) {
	if !fs.ValidPath(want.Name) || want.Name == "." {
		return nil, &fs.PathError{Op: "open", Path: want.Name, Err: fs.ErrInvalid}
	}
	root, err := os.OpenRoot(p.path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	// O_NONBLOCK: a named pipe must not keep us waiting for its writer.
	file, err := root.OpenFile(filepath.FromSlash(want.Name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	found, err := foundIn(ctx, file, want)
	if err != nil {
		file.Close()
		return nil, err
	}
	return found, nil
}

func foundIn(ctx context.Context, file *os.File, want Want) (*Found, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	version := versionOfFile(info, time.Now())
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("open %q: it is not a regular file but %s", file.Name(), kind(info.Mode()))
	case want.Unless != "" && want.Unless == version:
		return nil, ErrNotModified
	case want.Offset > 0 && want.Version != "" && version != "" && want.Version != version, want.Offset > info.Size():
		return nil, fmt.Errorf("open %q at byte %d: %w", file.Name(), want.Offset, ErrChanged)
	}
	if _, err := file.Seek(want.Offset, io.SeekStart); err != nil {
		return nil, err
	}
	return &Found{
		Body:   &steadyFile{ctx: ctx, file: file, want: info, read: want.Offset},
		Offset: want.Offset, Size: info.Size(), Version: version,
	}, nil
}

// coarsest is the step of modification times on the coarsest filesystems. What
// was changed a shorter while ago may change again without another time.
const coarsest = 2 * time.Second

// versionOfFile is empty where the file is too fresh to tell it from the next
// one.
func versionOfFile(info fs.FileInfo, now time.Time) string {
	if now.Sub(info.ModTime()) < coarsest {
		return ""
	}
	return fmt.Sprintf("%s %d %d", inode(info), info.Size(), info.ModTime().UnixNano())
}
