package delta

import "io"

// A piece is one step in making the new program: insert bytes that the patch
// holds, then copy bytes of the old program and correct them.
type piece struct {
	insert int64
	oldPos int64
	copy   int64
}

// A source is a patch that was opened: the pieces, the corrections and the
// bytes to insert, each in the order of the new program.
type source interface {
	// next returns the next piece, or io.EOF behind the last.
	next() (piece, error)

	// model returns a predictor of copied bytes, or nil.
	model() *predictor

	// correct makes right what was copied.
	correct(copied []byte) error

	// insert fills b with bytes that the patch holds.
	insert(b []byte) error

	// finish is an error where the patch holds more than was used.
	finish() error

	close()
}

// outside says what a copy finds before the beginning and behind the end of
// the old program.
type outside bool

const (
	refused outside = false // nothing: the patch is corrupt
	zeros   outside = true  // zeros, as bspatch has it
)

// readFull is io.ReadFull for a patch that has to hold as much.
func readFull(r io.Reader, b []byte, what string) error {
	_, err := io.ReadFull(r, b)
	return damage(err, what)
}

// damage says of an error of a decoder that it is one of the patch, unless it
// is one of reading it.
func damage(err error, what string) error {
	switch {
	case err == nil:
		return nil
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return corrupt("%s ends too early", what)
	}
	var failed *readError
	if asReadError(err, &failed) {
		return failed
	}
	return corrupt("%s: %v", what, err)
}
