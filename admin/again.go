package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"
)

// Bounds of asking again.
const (
	againTries = 10
	againPause = 50 * time.Millisecond
)

// again sends a request once more where the master was about to be replaced: it
// said so, or its connection ended before the answer came. It is for requests that
// may be carried out twice.
func again(ctx context.Context, send func() error) error {
	for tries := 1; ; tries++ {
		err := send()
		if tries == againTries || !IsCut(err) || !wait(ctx, againPause) {
			return err
		}
	}
}

// IsCut reports whether an error of a [Client] says that no answer came because
// the master was just going, to be replaced as a rule. Reading, and orders that
// are the same twice, have been tried again by then. Whether any other order was
// taken is not known; the events tell.
func IsCut(err error) bool {
	var status *StatusError
	if errors.As(err, &status) {
		return status.Code == http.StatusServiceUnavailable
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
