package loadtest

import (
	"bufio"
	"context"
	"errors"
	"math"
	"net"
	"os"
	"syscall"
	"time"
)

// state is what can be seen of a connection while no request is outstanding.
type state int

const (
	quiet  state = iota // open, and nothing to read
	closed              // the server ended it
	spoke               // the server sent what nobody asked for
)

// lingering bounds the wait for a server to close first.
const lingering = time.Second

// link is one connection of one client, and is used by its goroutine only.
type link struct {
	net.Conn
	raw    syscall.RawConn
	in     *bufio.Reader
	left   int64 // how many bytes may still be read
	broke  error // why nothing more can be read
	served bool  // it has carried a whole answer
	peeked [1]byte
}

func dial(network, address string, deadline time.Time) (*link, *Failure) {
	dialer := net.Dialer{Deadline: deadline, KeepAlive: -1}
	conn, err := dialer.Dial(network, address)
	if err != nil {
		return nil, dialFailed(err)
	}
	l := &link{Conn: conn}
	l.in = bufio.NewReader((*bounded)(l))
	l.unbound()
	if l.raw, err = conn.(syscall.Conn).SyscallConn(); err != nil {
		conn.Close()
		return nil, failed(Other, "dial", err)
	}
	return l, nil
}

// bound lets no more than n bytes be read, until it is called again.
func (l *link) bound(n int64) { l.left, l.broke = n, nil }
func (l *link) unbound()      { l.bound(math.MaxInt64) }

// idle waits on the connection until the time is over, ctx is done or the
// connection shows anything but quiet. A read is what wakes on a close.
func (l *link) idle(ctx context.Context, until time.Time) state {
	if err := l.SetReadDeadline(until); err != nil {
		return closed
	}
	defer context.AfterFunc(ctx, func() { l.SetReadDeadline(time.Unix(1, 0)) })()
	_, err := l.in.Peek(1)
	switch {
	case err == nil:
		return spoke
	case errors.Is(err, os.ErrDeadlineExceeded):
		return quiet
	default:
		return closed
	}
}

// state looks at the connection right before a request is sent.
func (l *link) state() state {
	if l.in.Buffered() > 0 {
		return spoke
	}
	return l.look()
}

// closeSecond waits for the server to close the connection, so that its side
// holds the port in TIME_WAIT and not ours, and closes it.
func (l *link) closeSecond() {
	l.idle(context.Background(), time.Now().Add(lingering))
	l.Close()
}

// bounded is the reading side of a link: it counts down what may be read.
type bounded link

var errTooLong = errors.New("it is longer than the client reads")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.Conn.Read(p)
	b.left -= int64(n)
	b.broke = err
	return n, err
}
