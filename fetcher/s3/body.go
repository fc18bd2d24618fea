package s3

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// A body fails where the service stalls. Once that happened, all its reads
// fail. Its context ends with it.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  time.Duration
}

func (b *body) Read(p []byte) (int, error) {
	late := time.AfterFunc(b.stall, func() { b.cancel(errStalled(b.stall)) })
	n, err := b.ReadCloser.Read(p)
	late.Stop()
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel(nil) // after the body: a connection that was read to its end is kept
	return b.ReadCloser.Close()
}

func errStalled(after time.Duration) error {
	return fmt.Errorf("nothing came for %v, the service or the network stalls: %w", after, os.ErrDeadlineExceeded)
}
