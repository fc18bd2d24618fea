package systemd

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxStatus bounds the text of [Status], in bytes: the manager takes 4 KiB with
// all that is in a message.
const maxStatus = 1 << 10

// A State is one thing to say: one or more lines of sd_notify(3).
type State string

// States without an argument.
const (
	Ready    State = "READY=1"    // the service has started, or is done with what Reloading began
	Stopping State = "STOPPING=1" // the service ends
	Alive    State = "WATCHDOG=1" // the service is not hung
)

// Reloading says that the service changes over to something new, from this
// moment on; [Ready] must follow. The manager compares the moment with that of
// its own request (Type=notify-reload).
func Reloading() State {
	return State("RELOADING=1\nMONOTONIC_USEC=" + strconv.FormatInt(monotonic().Microseconds(), 10))
}

// Status is what "systemctl status" shows. It is made one line of at most 1 KiB.
func Status(text string) State {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxStatus {
		text = strings.ToValidUTF8(text[:maxStatus-3], "") + "…"
	}
	return State("STATUS=" + text)
}

// Errno says which error of the system ended the service, by its number.
func Errno(n int) State { return State("ERRNO=" + strconv.Itoa(n)) }

// ExtendTimeout asks for so much time from now on, while the service starts,
// reloads or stops: the manager waits as long even where its own setting is
// shorter, and never less long than that.
func ExtendTimeout(d time.Duration) State {
	return State("EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10))
}
