//go:build !linux

package doctor

import "errors"

func openFiles(int, int) (limit, open int, err error) { return 0, 0, errors.ErrUnsupported }
