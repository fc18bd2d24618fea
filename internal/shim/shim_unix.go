//go:build unix

package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// exitFailed is the code of a shim that could not start its program, as that of
// a shell.
const exitFailed = 127

// Take makes this process the program that its environment asks for, and does
// not return where it asks. It is for the initialisation of a package variable,
// so that nothing else of the binary has run.
func Take() {
	value, ok := os.LookupEnv(Variable)
	if !ok {
		return
	}
	os.Unsetenv(Variable)
	var o Order
	if err := json.Unmarshal([]byte(value), &o); err != nil || !isPipe(o.Report) {
		return // not of this library's making
	}
	unix.CloseOnExec(o.Report)
	text, _ := json.Marshal(o.become()) // a number and a text
	unix.Write(o.Report, text)          // the master is there, or nobody is
	os.Exit(exitFailed)
}

func isPipe(fd int) bool {
	var st unix.Stat_t
	return fd > 2 && unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFIFO
}

// become executes the program. It returns only what went wrong.
func (o Order) become() report {
	if o.Death != 0 {
		if err := dieWithParent(o.Parent, o.Death); err != nil {
			return failure("ask to be told of the master's end", err)
		}
	}
	env := os.Environ()
	if o.Listen {
		env = append(env, "LISTEN_PID="+strconv.Itoa(os.Getpid()))
		if id, ok := pidfdID(); ok {
			env = append(env, "LISTEN_PIDFDID="+strconv.FormatUint(id, 10))
		}
	}
	path := o.Path
	if o.Binary != 0 {
		unix.CloseOnExec(o.Binary)
		byDescriptor := "/proc/self/fd/" + strconv.Itoa(o.Binary)
		if _, err := os.Stat(byDescriptor); err == nil { // else /proc is not mounted
			path = byDescriptor
		}
	}
	for _, fd := range o.Close {
		unix.CloseOnExec(fd)
	}
	return failure("execute", execRetrying(path, os.Args, env))
}

func failure(what string, err error) report {
	r := report{What: what}
	if !errors.As(err, &r.Errno) {
		r.What = fmt.Sprintf("%s: %v", what, err)
	}
	return r
}

// execRetrying meets ETXTBSY as package proc does: another process that was
// forked while the file was written may hold it for some microseconds more
// (golang/go#22315).
func execRetrying(path string, args, env []string) error {
	for wait := time.Millisecond; ; wait *= 2 {
		err := syscall.Exec(path, args, env)
		if !errors.Is(err, syscall.ETXTBSY) || wait > 500*time.Millisecond {
			return err
		}
		time.Sleep(wait)
	}
}
