package isolate

import (
	"fmt"
	"os"
)

// self opens the file that this process runs, whatever lies at its path by now:
// see proc(5).
func self() (binary *os.File, path string, err error) {
	path, err = os.Executable()
	if err == nil {
		binary, err = os.Open("/proc/self/exe")
	}
	if err != nil {
		return nil, "", fmt.Errorf("open this program, to start it again: %w", err)
	}
	return binary, path, nil
}
