package shim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
)

// Variable is the environment variable that makes a process a shim: an [Order]
// as JSON. The program does not get it.
const Variable = "OVERSEER_SHIM"

// An Order is what a shim is to do. Its own arguments are the program's.
type Order struct {
	Report int    `json:"report"`           // descriptor of the report pipe
	Binary int    `json:"binary,omitempty"` // descriptor of the program; 0: it is executed by Path
	Close  []int  `json:"close,omitempty"`  // descriptors that are not the program's
	Path   string `json:"path,omitempty"`   // of the program
	Listen bool   `json:"listen,omitempty"` // complete LISTEN_FDS by LISTEN_PID and LISTEN_PIDFDID
	Parent int    `json:"parent"`           // the master's process id
	Death  int    `json:"death,omitempty"`  // a signal to get when the master dies, where the system can; 0: none
}

// Environ returns the variable for the shim's environment.
func (o Order) Environ() string {
	text, _ := json.Marshal(o) // numbers and a text
	return Variable + "=" + string(text)
}

// maxReport bounds what is read of a report.
const maxReport = 4 << 10

// report is the form of a failure in the pipe.
type report struct {
	Errno syscall.Errno `json:"errno"`
	What  string        `json:"what"`
}

// ReadReport reads the report pipe to its end: nil means that the program runs,
// or that the process has died without a word. The caller bounds the wait by a
// deadline of the pipe, or by ending the process. The error matches the errno of
// the call that failed.
func ReadReport(r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, maxReport))
	if err != nil {
		return fmt.Errorf("read what became of the start: %w", err)
	}
	if len(text) == 0 {
		return nil
	}
	var failed report
	if err := json.Unmarshal(text, &failed); err != nil {
		return fmt.Errorf("read what became of the start: %q: %w", text, err)
	}
	if failed.Errno == 0 {
		return errors.New(failed.What)
	}
	return fmt.Errorf("%s: %w", strings.TrimSpace(failed.What), failed.Errno)
}
