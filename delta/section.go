package delta

import (
	"errors"
	"io"
)

// A section reads part of a patch. That it ends early where the patch has to
// go on, and any other failure of reading it, is told apart from damage that a
// decoder finds.
type section struct {
	r       io.ReaderAt
	at, end int64
}

// A readError is a patch that could not be read.
type readError struct{ err error }

func (e *readError) Error() string { return "read the patch: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

func asReadError(err error, target **readError) bool { return errors.As(err, target) }

func (s *section) Read(b []byte) (int, error) {
	if s.at >= s.end {
		return 0, io.EOF
	}
	b = b[:min(int64(len(b)), s.end-s.at)]
	n, err := s.r.ReadAt(b, s.at)
	s.at += int64(n)
	switch {
	case n == len(b):
		return n, nil
	case err == nil || err == io.EOF:
		return n, &readError{io.ErrUnexpectedEOF}
	}
	return n, &readError{err}
}
