//go:build !unix

package socket

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

const canDetach = false

func detach(syscall.Conn) (int, error) { return -1, errors.ErrUnsupported }

func closeFD(int) error { return errors.ErrUnsupported }

func (Node) unlink() error { return nil }

// Adopt fails: descriptors are not handed over on this system.
func Adopt(_ uintptr, r Record) (*Socket, error) {
	return nil, fmt.Errorf("adopt a descriptor as %q: %w on this system", r.Spec, errors.ErrUnsupported)
}

func asFile(int) (*os.File, error) { return nil, errors.ErrUnsupported }
