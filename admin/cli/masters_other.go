//go:build !linux

package cli

import (
	"context"
	"errors"
	"fmt"
)

func masters(context.Context) ([]found, error) {
	return nil, fmt.Errorf("masters are looked for on Linux only (%w): name the socket with --socket, or the path of the binary with --name", errors.ErrUnsupported)
}

func ancestors(int) ([]int, error) { return nil, errors.ErrUnsupported }

func reach(path string) (short string, done func(), err error) { return path, func() {}, nil }

func (k *Call) pidOf(pid int, _ string) int { return pid }
