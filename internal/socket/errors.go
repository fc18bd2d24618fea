package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// ErrInUse matches, with errors.Is, every error that says that somebody else
// holds an address. On Unix it is EADDRINUSE itself.
var ErrInUse error = addrInUse

// A BindError says which address could not be bound, and why. errors.Is sees
// through it to [ErrInUse], errors.ErrUnsupported, fs.ErrPermission and the
// error of a context.
type BindError struct {
	Address Address
	Err     error
}

// Error names the address, the cause and, where it is known, the next step.
func (e *BindError) Error() string {
	s := fmt.Sprintf("listen on %s: %v", e.Address.where(), e.Err)
	if h := e.hint(); h != "" {
		s += "; " + h
	}
	return s
}

// Unwrap returns the cause.
func (e *BindError) Unwrap() error { return e.Err }

func (e *BindError) hint() string {
	unix := e.Address.Network == "unix"
	switch {
	case errors.Is(e.Err, ErrInUse):
		return "another process, or another entry here, holds it: stop or remove that one, or choose another address"
	case errors.Is(e.Err, fs.ErrPermission) && !unix:
		return "a port below 1024 needs root or CAP_NET_BIND_SERVICE"
	case errors.Is(e.Err, fs.ErrPermission):
		return "the directory must be readable and writable for this user"
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return "no network interface of this machine has that address"
	}
	return ""
}

// bindError wraps what package net says without the address in it, which is
// named once already.
func bindError(a Address, err error) error {
	if op, ok := err.(*net.OpError); ok {
		err = op.Err
	}
	return &BindError{Address: a, Err: err}
}
