package fetcher

import (
	"errors"
	"io"
	"time"
)

// Defaults of the fields that say so.
const (
	defaultMaxSize = 1 << 30
	defaultStall   = 30 * time.Second
)

// ErrTooLarge is matched by the errors of a release that is larger than the
// source's MaxSize, before or after it was unpacked.
var ErrTooLarge = errors.New("larger than MaxSize; raise it if this release is meant to be so large")

// bounded ends with the error over where more than left bytes come.
type bounded struct {
	io.Reader
	left int64
	over error
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.over
	}
	return n, err
}
