//go:build unix

package rundir

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxSwept bounds how many names are looked at in one go.
const maxSwept = 256

// Name is that of the socket of a process.
func Name(program string, pid int) string {
	return "admin-" + program + "-" + strconv.Itoa(pid) + ".sock"
}

// Sweep removes the sockets of processes that were killed: of a PID that there is
// not, and where nobody answers. What cannot be removed stays.
func Sweep(dir string) {
	paths, err := filepath.Glob(filepath.Join(dir, "admin-*.sock"))
	if err != nil {
		return // the pattern is right
	}
	for _, path := range paths[:min(len(paths), maxSwept)] {
		if isDead(path) {
			os.Remove(path)
		}
	}
}

func isDead(path string) bool {
	name := strings.TrimSuffix(filepath.Base(path), ".sock")
	pid, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
	if err != nil || !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
