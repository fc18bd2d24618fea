//go:build unix

package handover

import (
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// The variables by which a master of the older library starts a worker; what
// they mean is told with worker.Older.
const (
	olderWorker   = "OVERSEER_IS_SLAVE"
	olderNumber   = "OVERSEER_SLAVE_ID"
	olderSockets  = "OVERSEER_NUM_FDS"
	olderBinaryID = "OVERSEER_BIN_ID"
	olderBinary   = "OVERSEER_BIN_PATH"
)

var olderVariables = []string{olderWorker, olderNumber, olderSockets, olderBinaryID, olderBinary}

// firstPassed is the descriptor that a child gets its first extra file as.
const firstPassed = 3

// Older is what a worker gets from a master of the older library at its start.
type Older struct {
	Parent  int        // pid of the master
	ID      string     // SHA-1 of the binary, as the master has it
	Binary  string     // path of the binary, or empty
	Sockets []*os.File // they listen, in the order of the master's addresses
}

// InheritOlder is [Inherit] for a master of the older library. It removes that
// library's variables in any case, and returns false where they are not meant
// for this process: a program of the older library hands them on to whatever it
// starts.
func InheritOlder() (Older, bool) {
	worker := os.Getenv(olderWorker) == "1"
	count, err := strconv.Atoi(os.Getenv(olderSockets))
	o := Older{Parent: os.Getppid(), ID: os.Getenv(olderBinaryID), Binary: os.Getenv(olderBinary)}
	for _, name := range olderVariables {
		os.Unsetenv(name)
	}
	if !worker || err != nil || count < 0 || count > MaxFDs || !runs(o.Binary) {
		return Older{}, false
	}
	for fd := firstPassed; fd < firstPassed+count; fd++ {
		if !listens(fd) {
			return Older{}, false // somebody else's: leave them all as they are
		}
	}
	for fd := firstPassed; fd < firstPassed+count; fd++ {
		if closeOnExec(fd) != nil {
			return Older{}, false
		}
		o.Sockets = append(o.Sockets, os.NewFile(uintptr(fd), "listening socket"))
	}
	return o, true
}

// runs reports whether this process runs the binary at a path. Early versions
// of the older library name none; a path that says nothing is believed.
func runs(path string) bool {
	own, err := os.Executable()
	if path == "" || err != nil || filepath.Clean(path) == own {
		return true
	}
	named, err := os.Stat(path)
	if err != nil {
		return true
	}
	running, err := os.Stat(own)
	return err != nil || os.SameFile(named, running)
}

// listens reports whether a descriptor is a stream socket that listens.
func listens(fd int) bool {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM {
		return false
	}
	accepts, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return err == nil && accepts != 0
}
