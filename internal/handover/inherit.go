//go:build unix

package handover

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// NohupWord is the last part of [Variable] where a master was started with SIGHUP
// ignored. A worker that does not know it looks at the parts before.
const NohupWord = "nohup"

// Inherited is what a worker gets from the master at its start.
type Inherited struct {
	Control *os.File
	Stderr  *os.File // the real standard error, or nil
	Crash   *os.File // takes the last words of a crash, or nil
	Ignored int      // a signal that is for the master alone, or 0
	Nohup   bool     // the master was started with SIGHUP ignored, as by nohup(1)
}

// Inherit takes what the environment of this process says is there for a worker,
// and removes the variable, so that the program's own children have neither it
// nor the descriptors. It returns false in a process that is no worker; a
// variable that names no control socket is of no account.
func Inherit() (Inherited, bool) { return inherit(Variable) }

func inherit(variable string) (Inherited, bool) {
	value, ok := os.LookupEnv(variable)
	if !ok {
		return Inherited{}, false
	}
	os.Unsetenv(variable)
	part := append(strings.Split(value, ":"), "", "", "", "")
	if fd, err := strconv.Atoi(part[0]); err != nil || !isControl(fd) {
		return Inherited{}, false // what is open there is somebody else's: leave it as it is
	}
	control := inheritFD(part[0])
	if control < 0 {
		return Inherited{}, false
	}
	in := Inherited{Control: os.NewFile(uintptr(control), "control socket")}
	if fd := inheritFD(part[1]); fd >= 0 {
		in.Stderr = os.NewFile(uintptr(fd), "standard error")
	}
	if fd := inheritFD(part[2]); fd >= 0 {
		in.Crash = os.NewFile(uintptr(fd), "crash output")
	}
	in.Ignored, _ = strconv.Atoi(part[3]) // none: 0
	in.Nohup = part[4] == NohupWord
	return in, true
}

// inheritFD returns an open descriptor above the standard ones, made
// close-on-exec, or -1.
func inheritFD(number string) int {
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 || closeOnExec(fd) != nil {
		return -1
	}
	return fd
}

// closeOnExec keeps an open descriptor from the children of this process.
func closeOnExec(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC)
	return err
}

// isControl reports whether a descriptor may be a control socket: a unix stream
// socket that does not listen. Its other end may have gone already.
func isControl(fd int) bool {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM {
		return false
	}
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err == nil && listens != 0 {
		return false
	}
	addr, err := unix.Getsockname(fd)
	if err != nil {
		return false
	}
	_, ok := addr.(*unix.SockaddrUnix)
	return ok
}
