//go:build !linux

package doctor

import "errors"

type filesystem struct {
	readOnly, noExec, counted bool
	free, files               int64
}

func filesystemOf(string) (filesystem, error) { return filesystem{}, errors.ErrUnsupported }

func device(string) (any, error) { return nil, errors.ErrUnsupported }
