//go:build unix

package master

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// listen hears what a program says at its NOTIFY_SOCKET, until close.
func (f *foreign) listen() {
	for {
		text, cut, pid, err := f.notify.receive()
		if err != nil {
			return
		}
		switch {
		case !belongs(pid, f.process.PID):
			f.once("stranger", "a message to NOTIFY_SOCKET is ignored: it comes from a process that is not of this generation", "sender", pid)
		case cut:
			f.once("cut", "a message to NOTIFY_SOCKET is ignored: it is too long", "sender", pid)
		default:
			for line := range strings.Lines(text) {
				f.heard(strings.TrimSuffix(line, "\n"))
			}
		}
	}
}

// heard takes one line of a message, as sd_notify(3) has them. What is not known
// is ignored, as it is there.
func (f *foreign) heard(line string) {
	name, value, _ := strings.Cut(line, "=")
	switch name {
	case "READY":
		if value == "1" {
			f.saidIt.Do(func() { close(f.said) })
		}
	case "STATUS":
		f.log.Info("status of the program", "status", value)
	case "STOPPING":
		f.log.Debug("the program says that it stops")
	case "EXTEND_TIMEOUT_USEC":
		if n, err := strconv.ParseUint(value, 10, 63); err == nil {
			d := time.Duration(min(n, uint64(24*time.Hour/time.Microsecond))) * time.Microsecond
			f.m.call(func() { f.extend(d) })
		}
	case "MAINPID":
		if value != strconv.Itoa(f.process.PID) {
			f.once(name, "the program names another main process (MAINPID): it is not followed; have it stay in the foreground", "named", value)
		}
	case "FDSTORE":
		f.once(name, "the program offers descriptors to keep (FDSTORE): they are not kept")
	}
}

// once warns of the same thing once in a program's life.
func (f *foreign) once(what, message string, args ...any) {
	if !f.warned[what] {
		f.warned[what] = true
		f.log.Warn(message, args...)
	}
}

// belongs reports whether a process is the main one of a program, of its process
// group, or a descendant of it. One that has ended before it was looked at is a
// stranger; of those that notify, systemd's own wait for that (BARRIER=1).
func belongs(pid, main int) bool {
	if pid <= 0 || pid == os.Getpid() {
		return false
	}
	if pid == main {
		return true
	}
	if group, err := syscall.Getpgid(pid); err == nil && group == main {
		return true
	}
	for range 32 {
		parent, err := parentOf(pid)
		if err != nil || parent <= 1 {
			return false
		}
		if parent == main {
			return true
		}
		pid = parent
	}
	return false
}

// parentOf reads a process's parent from proc_pid_stat(5). The name in brackets
// may hold anything, brackets too.
func parentOf(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return 0, fmt.Errorf("stat of process %d: %q", pid, text)
	}
	return strconv.Atoi(fields[1])
}
