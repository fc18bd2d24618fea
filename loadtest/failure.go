package loadtest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// A Failure is one request that was not answered well.
type Failure struct {
	Time   time.Time // when it was known
	Client int
	Kind   Kind
	Err    error
}

func (f Failure) Error() string {
	return fmt.Sprintf("client %d: %v: %v", f.Client, f.Kind, f.Err)
}

// Unwrap returns the error of the operation that failed.
func (f Failure) Unwrap() error { return f.Err }

func failed(kind Kind, doing string, err error) *Failure {
	return &Failure{Kind: kind, Err: fmt.Errorf("%s: %w", doing, err)}
}

// dialFailed sorts the error of a dial. A timeout is looked for first, as
// some systems report it as an errno of its own.
func dialFailed(err error) *Failure {
	kind := Other
	switch {
	case isTimeout(err):
		kind = Timeout
	case isClientLimit(err):
		kind = ClientLimit
	case isRefused(err), errors.Is(err, fs.ErrNotExist):
		kind = Refused
	case isReset(err):
		kind = Reset
	}
	return &Failure{Kind: kind, Err: err} // it says "dial" and the address
}

// unanswered sorts an error that came before the first byte of an answer.
func unanswered(doing string, served bool, err error) *Failure {
	kind := Other
	switch {
	case isTimeout(err):
		kind = Timeout
	case isReset(err) && !served:
		kind = Reset
	case isReset(err), errors.Is(err, io.EOF):
		kind = CutUnderRequest
	}
	return failed(kind, doing, err)
}

// unfinished sorts an error that came after the first byte of an answer.
func unfinished(doing string, err error) *Failure {
	kind := Other
	switch {
	case isTimeout(err):
		kind = Timeout
	case isReset(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		kind = ShortBody
	}
	return failed(kind, doing, err)
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	// EAGAIN calls itself a timeout; a full queue of a unix socket gives it.
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() && !isRefused(err)
}
