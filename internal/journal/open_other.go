//go:build !unix

package journal

import (
	"errors"
	"os"
)

func lockFor(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func openRegular(string, int) (*os.File, error) { return nil, errors.ErrUnsupported }
