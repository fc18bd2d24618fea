//go:build unix

package update

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/internal/proc"
)

// CheckSuccessor returns a check of a binary that is to take the place of the
// running master: it is started with that master's state, reads it, and looks
// at its own configuration. path is what it will be called by; timeout bounds
// the run. It runs as the user of the master, which it is to be. An error that matches [ErrTemporary] says nothing about the binary.
func CheckSuccessor(path string, timeout time.Duration) func(ctx context.Context, binary, state *os.File) error {
	return func(ctx context.Context, binary, state *os.File) error {
		run, err := startPreflight(path, path, nil, binary, state)
		if err != nil {
			if proc.Temporary(err) {
				err = fmt.Errorf("%w: %w", ErrTemporary, err)
			}
			return err
		}
		is, err := run.verdict(ctx, timeout)
		if err == nil && !is.Successor {
			err = errors.New("the program is built with a version of this library that does not take a running master over: the service has to be restarted to upgrade its master")
		}
		return err
	}
}
