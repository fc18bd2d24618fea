//go:build !linux

package doctor

import "errors"

func clockIsKept() (bool, error) { return false, errors.ErrUnsupported }
