package fetcher

import (
	"errors"
	"fmt"
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

// orDefault gives the value that a field stands for when it is zero.
func orDefault[T int64 | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// checkFields refuses what could only be a mistake. name is the type's.
func checkFields(name string, interval, stall time.Duration, maxSize int64) error {
	switch {
	case interval < 0:
		return fmt.Errorf("%s.Interval is %v: it must not be negative (0 is the default)", name, interval)
	case stall < 0:
		return fmt.Errorf("%s.StallTimeout is %v: it must not be negative (0 is the default)", name, stall)
	case maxSize < 0:
		return fmt.Errorf("%s.MaxSize is %d: it must not be negative (0 is the default)", name, maxSize)
	}
	return nil
}
