//go:build !unix

package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// bindPath binds a unix socket as package net does: without removing a stale
// one, and without a mode.
func bindPath(ctx context.Context, a Address) (binding, error) {
	if a.Mode != 0 {
		return binding{}, fmt.Errorf("mode %#o of a unix socket: %w on this system", a.Mode, errors.ErrUnsupported)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "unix", a.Path)
	if err != nil {
		return binding{}, err
	}
	return streamBinding(ln), nil
}
