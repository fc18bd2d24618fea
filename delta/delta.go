package delta

import (
	"errors"
	"fmt"
)

// Errors that can be matched.
var (
	// ErrFormat says that the bytes are a patch of no known format.
	ErrFormat = errors.New("not a patch of a known format")

	// ErrCorrupt says that a patch contradicts itself or was cut: it was
	// damaged, or made to do harm.
	ErrCorrupt = errors.New("the patch is corrupt")

	// ErrTooLarge says that the new program is larger than the caller allows,
	// or a program larger than [Diff] can compare.
	ErrTooLarge = errors.New("the program is too large")

	// ErrBase says that the old program is not the one the patch was made of.
	ErrBase = errors.New("the old program is not the one that the patch was made of")
)

// MaxInput is the size of the largest program that [Diff] and [DiffBSDIFF40]
// compare. Reading a patch has no such bound.
const MaxInput = 1<<31 - 2

// Stats says what a patch is made of.
type Stats struct {
	// Copies is the number of pieces taken from the old program.
	Copies int64

	// Copied and Inserted are the bytes of the new program that are made of
	// old ones, and those that the patch holds as they are. Their sum is the
	// size of the new program.
	Copied, Inserted int64

	// Changed are the copied bytes that the patch has to correct.
	Changed int64

	// PatchSize is the number of bytes written.
	PatchSize int64
}

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
