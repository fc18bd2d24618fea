package peer

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Holds reports whether a process, or one of its group or descent, has a socket
// open. It is not known where the descriptors of one of them may not be read.
func Holds(main int, inode uint32) (held, known bool) {
	want := fmt.Sprintf("socket:[%d]", inode)
	dir, err := os.Open("/proc")
	if err != nil {
		return false, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return false, false
	}
	known = true
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || !Belongs(pid, main) {
			continue
		}
		open, err := os.ReadDir(filepath.Join("/proc", name, "fd"))
		if os.IsPermission(err) {
			known = false
		}
		for _, fd := range open {
			if to, err := os.Readlink(filepath.Join("/proc", name, "fd", fd.Name())); err == nil && to == want {
				return true, true
			}
		}
	}
	return false, known
}
