//go:build unix

package handover

import (
	"os"
	"strconv"
	"time"
)

// TakeState takes the descriptor that [StateVariable] names, and removes the
// variable. Where the variable is set but names none, the file is nil.
func TakeState() (f *os.File, handed bool) {
	value, handed := os.LookupEnv(StateVariable)
	if !handed {
		return nil, false
	}
	os.Unsetenv(StateVariable)
	if fd, err := strconv.Atoi(value); err == nil && fd >= 3 && closeOnExec(fd) == nil {
		f = os.NewFile(uintptr(fd), "state of the master before")
	}
	return f, true
}

// Interrupt makes a Receive that waits, and those to come, return
// os.ErrDeadlineExceeded, and loses nothing: SetReadDeadline with the zero time
// takes it back.
func (c *Conn) Interrupt() error { return c.c.SetReadDeadline(time.Unix(1, 0)) }

// Rest returns what was read from the stream and is not consumed: the beginning
// of a frame, and descriptors that have come with it. They stay the Conn's. No
// Receive may be under way.
func (c *Conn) Rest() (in []byte, files []*os.File) { return c.in, c.files }

// Control runs a function with the descriptor of the stream.
func (c *Conn) Control(f func(fd uintptr)) error {
	raw, err := c.c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(f)
}

// ResumeConn is [NewConn] for a stream of which a part was read already: what
// [Conn.Rest] returned.
func ResumeConn(f *os.File, in []byte, files []*os.File) (*Conn, error) {
	c, err := NewConn(f)
	if err != nil {
		return nil, err
	}
	c.in, c.files = in, files
	return c, nil
}
