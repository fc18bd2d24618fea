package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// keepPrevious gives the installed binary its second name and returns it. The
// installed path itself is not touched.
func (s binary) keepPrevious(ctx context.Context, at location) (string, error) {
	path := s.previousPath(at)
	// rename(2) of two names of one file does nothing and leaves both. They
	// are one file when an earlier Install ended between its two renames.
	if have, err := os.Lstat(path); err == nil && os.SameFile(have, at.info) {
		return path, s.disk.SyncDir(filepath.Dir(path)) // which that one may not have reached
	}
	temp := durable.Temp(path)
	if err := s.disk.Link(at.path, temp); err != nil {
		os.Remove(temp) // the flush may have failed after the link
		// No hard links on this filesystem (EPERM on vfat), not to a file of
		// another user (fs.protected_hardlinks), not across mounts, or one too
		// many: a copy serves as well.
		if err := s.copyFile(ctx, at, temp); err != nil {
			return "", err
		}
	}
	if err := s.disk.Replace(temp, path); err != nil {
		os.Remove(temp)
		return "", err
	}
	return path, nil
}

// copyFile copies the installed binary to path, which must not be there, and
// leaves nothing on failure. Its mode loses the rights to become another user,
// as the copy's owner may be another.
func (s binary) copyFile(ctx context.Context, at location, path string) (err error) {
	from, err := openRead(at.path)
	if err != nil {
		return vanished(at.path, err)
	}
	defer from.Close() // only read
	var to *os.File
	err = s.disk.Do(durable.Step{Op: durable.Create, Path: path}, func() (err error) {
		to, err = createNew(path)
		return err
	})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			to.Close() // a second Close after the step does no harm
			os.Remove(path)
		}
	}()
	err = s.disk.Do(durable.Step{Op: durable.Write, Path: path}, func() error {
		n, err := io.Copy(to, ctxReader{ctx, io.LimitReader(from, at.info.Size())})
		if err == nil && n != at.info.Size() {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err != nil {
		return err
	}
	return errors.Join(
		s.disk.Do(durable.Step{Op: durable.Mode, Path: path}, func() error { return to.Chmod(at.info.Mode().Perm()) }),
		s.disk.Do(durable.Step{Op: durable.Sync, Path: path}, to.Sync),
		s.disk.Do(durable.Step{Op: durable.Close, Path: path}, to.Close),
	)
}

// ctxReader ends a copy between two reads of a file.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
