//go:build unix && !linux

package isolate

import (
	"fmt"
	"os"
)

// self goes by the path. A newer program may lie there by now, which is the one
// that the next master will be.
func self() (binary *os.File, path string, err error) {
	if path, err = os.Executable(); err != nil {
		err = fmt.Errorf("find this program, to start it again: %w", err)
	}
	return nil, path, err
}
