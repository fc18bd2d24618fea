package fetcher

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// A scratchFile has no name where the system allows that, so it is gone with the
// process, however that ends.
type scratchFile struct {
	*os.File
	size  int64
	named bool // still has its name: open files cannot be removed here
}

// newScratch makes an empty one. dir empty is the system's own.
func newScratch(dir string) (*scratchFile, error) {
	file, err := os.CreateTemp(dir, ".overseer-fetch-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for what is fetched: %w", err)
	}
	return &scratchFile{File: file, named: os.Remove(file.Name()) != nil}, nil
}

// spool brings all of r to the disk. More than max bytes are [ErrTooLarge].
func spool(dir string, r io.Reader, max int64) (*scratchFile, error) {
	file, err := newScratch(dir)
	if err != nil {
		return nil, err
	}
	file.size, err = io.Copy(scratchWriter{file.File}, &bounded{r, max, ErrTooLarge})
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// scratchWriter tells a failure to write from one to read, and hides ReadFrom.
type scratchWriter struct{ file *os.File }

func (w scratchWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if err != nil {
		err = &scratchError{err}
	}
	return n, err
}

// A scratchError is of this host's disk, and says nothing about what is fetched.
type scratchError struct{ err error }

func (e *scratchError) Error() string {
	return fmt.Sprintf("keep what is fetched for a moment: %v; make room there", e.err)
}

func (e *scratchError) Unwrap() error { return e.err }

func (f *scratchFile) Close() error {
	err := f.File.Close()
	if f.named {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
