package load

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// link is one connection of one client.
type link struct {
	net.Conn
	in     *bufio.Reader
	served bool // it has carried a whole answer
	parted bool // the server has said that it ends
}

func dial(address string, deadline time.Time) (*link, Kind) {
	dialer := net.Dialer{Deadline: deadline, KeepAlive: -1}
	conn, err := dialer.Dial("tcp", address)
	if err != nil {
		return nil, dialFailed(err)
	}
	conn.SetDeadline(deadline)
	return &link{Conn: conn, in: bufio.NewReaderSize(conn, 2048)}, Good
}

// state is what can be seen of a connection while no request is on its way.
type state int

const (
	quiet state = iota
	ended
	spoke
)

// look does not wait: a deadline that is over makes a read return what is there
// on no system, so the kernel is asked.
func (l *link) look() state {
	if l.in.Buffered() > 0 {
		return spoke
	}
	raw, err := l.Conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return ended
	}
	found := quiet
	if raw.Control(func(fd uintptr) { found = peek(fd) }) != nil {
		return ended
	}
	return found
}

// closeSecond waits for the server to close, so that its side holds the port in
// TIME_WAIT and not this one.
func (l *link) closeSecond() {
	l.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	l.in.Peek(1)
	l.Close()
}

func dialFailed(err error) Kind {
	switch {
	case timedOut(err):
		return Timeout
	case atLimit(err):
		return Limit
	case isReset(err):
		return Reset
	default:
		return Refused
	}
}

// unanswered sorts an error that came before the first byte of the answer.
func (l *link) unanswered(err error) Kind {
	switch {
	case timedOut(err):
		return Timeout
	case isReset(err) && !l.served:
		return Reset
	default:
		return Cut
	}
}

// unfinished sorts an error that came after it.
func unfinished(err error) Kind {
	switch {
	case timedOut(err):
		return Timeout
	case isReset(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Short
	default:
		return Wrong
	}
}

func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}
