//go:build unix && !linux

package item

import (
	"errors"
	"os"
)

// memory returns a file that holds the data and has no name any more: only the
// two generations can reach it.
func memory(data []byte) (*os.File, error) {
	f, err := os.CreateTemp("", "overseer-item-*")
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, os.Remove(f.Name())); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
