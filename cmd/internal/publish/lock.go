package publish

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrBusy is a directory that another publisher is changing.
var ErrBusy = errors.New("another publisher is at work in this directory: wait for it to end")

const lockTry = 50 * time.Millisecond

// lock takes the directory's lock. It waits for d.wait at most.
func (d *Directory) lock(ctx context.Context) (unlock func(), err error) {
	if err := d.disk.mkdir(own); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(d.disk.path(lockName), os.O_RDWR|os.O_CREATE, 0o664)
	if err != nil {
		return nil, fmt.Errorf("lock %q: %w", d.disk.root, err)
	}
	late := time.NewTimer(d.wait)
	defer late.Stop()
	again := time.NewTicker(lockTry)
	defer again.Stop()
	for {
		if locked, err := tryLock(f); locked {
			return func() { f.Close() }, nil
		} else if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %q: %w", d.disk.root, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-late.C:
			f.Close()
			return nil, fmt.Errorf("lock %q: %w", d.disk.root, ErrBusy)
		case <-again.C:
		}
	}
}
