package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrChanged is matched by the errors of a release that changed while it was
// read, so that its bytes would be those of two. The next Fetch offers the new
// one.
var ErrChanged = errors.New("the release changed while it was read")

// A steadyFile is read to its end only if it is, at the end, the file that it
// was at the beginning. The context belongs to the fetch that opened it.
type steadyFile struct {
	ctx  context.Context
	file *os.File
	want fs.FileInfo
	read int64
}

func (s *steadyFile) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	n, err := s.file.Read(p)
	s.read += int64(n)
	if s.read > s.want.Size() {
		return 0, s.changed()
	}
	if err != io.EOF {
		return n, err
	}
	got, err := s.file.Stat()
	if err != nil {
		return n, err
	}
	if s.read != s.want.Size() || !sameState(got, s.want) {
		return 0, s.changed()
	}
	return n, io.EOF
}

func (s *steadyFile) changed() error {
	return fmt.Errorf("read %q: %w; copy beside it and rename", s.file.Name(), ErrChanged)
}

func (s *steadyFile) Close() error { return s.file.Close() }
