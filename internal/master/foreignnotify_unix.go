//go:build unix

package master

import (
	"strconv"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/internal/peer"
)

// listen hears what a program says at its NOTIFY_SOCKET, until close.
func (f *foreign) listen() {
	for {
		text, cut, pid, err := f.notify.receive()
		if err != nil {
			return
		}
		switch {
		case !peer.Belongs(pid, f.process.PID):
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
