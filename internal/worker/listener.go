package worker

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// mode is what a socket does at the moment.
//
//	held --> open <--> paused
//	            \       /
//	             ending --> closed
type mode int

const (
	held   mode = iota // not yet live: only private connections come through
	open               // accepts from the public socket
	paused             // stands by: only private connections come through
	ending             // the last generation: accepts what is queued, then closes
	closed
)

// backlogGrace is how long the last generation goes on accepting at its end:
// long enough for what the kernel has queued, short enough to be a stop.
const backlogGrace = 20 * time.Millisecond

// stream is what *net.TCPListener and *net.UnixListener have in common.
type stream interface {
	net.Listener
	SetDeadline(time.Time) error
}

// A Listener is a socket of the master as the program sees it.
//
// While its generation stands by, Accept blocks. When the generation drains,
// Accept returns an error that matches [net.ErrClosed]: at once where the
// program closed the listener or no accepted connection is open, else when the
// last one is finished or half of the time for the drain has passed. It is held
// back so long because of programs that end on it: log.Fatal(http.Serve(l, h))
// would cut the requests in flight.
type Listener struct {
	inner    stream
	index    int
	tally    *tally
	first    func(index int) // called at the first Accept
	once     sync.Once
	withheld <-chan struct{} // closed when an Accept of a draining listener may return

	mu      sync.Mutex
	mode    mode
	woken   bool          // the deadline of inner is in the past
	private []net.Conn    // counted, and not yet returned by Accept
	change  chan struct{} // closed and made anew when mode or private changes
	quit    bool          // the program closed it
}

func newListener(inner stream, index int, t *tally, first func(int), withheld <-chan struct{}) *Listener {
	return &Listener{inner: inner, index: index, tally: t, first: first, withheld: withheld, change: make(chan struct{})}
}

// Accept waits for the next connection. See the type's comment for what happens
// while the generation stands by or drains.
func (l *Listener) Accept() (net.Conn, error) { return l.accept(l.withheld) }

func (l *Listener) accept(withheld <-chan struct{}) (net.Conn, error) {
	l.once.Do(func() { l.first(l.index) })
	for {
		conn, wait, ended := l.turn()
		switch {
		case conn != nil:
			return conn, nil
		case ended:
			if wait != nil {
				select {
				case <-withheld:
				case <-wait:
					continue
				}
			}
			return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
		case wait != nil:
			<-wait
			continue
		}
		conn, err := l.inner.Accept()
		if err == nil {
			conn = l.tally.admit(conn)
		}
		l.tally.end()
		if err == nil {
			return conn, nil
		}
		if l.interrupted(err) {
			continue
		}
		return nil, err
	}
}

// turn says what Accept does next: return a private connection, wait for a
// change, end (at once, or after a wait), or (none of these) accept from the
// socket, and tell the tally that this is over.
func (l *Listener) turn() (conn net.Conn, wait <-chan struct{}, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.private) > 0 {
		conn = l.private[0]
		l.private = l.private[1:]
		return conn, nil, false
	}
	switch l.mode {
	case held, paused:
		return nil, l.change, false
	case closed:
		if l.quit {
			return nil, nil, true
		}
		return nil, l.change, true
	case open:
		if l.woken {
			l.woken = false
			l.inner.SetDeadline(time.Time{})
		}
	}
	l.tally.begin()
	return nil, nil, false
}

// interrupted reports whether an error of the socket's Accept is our own doing.
func (l *Listener) interrupted(err error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == ending && errors.Is(err, os.ErrDeadlineExceeded) {
		// The kernel resets what is queued when a listener is closed. The tally
		// knows of these before it hears that no more will come.
		var queued []net.Conn
		for _, conn := range acceptQueued(l.inner) {
			queued = append(queued, l.tally.admit(conn))
		}
		l.closeLocked()
		l.private = queued
	}
	return errors.Is(err, os.ErrDeadlineExceeded) || l.mode == closed
}

// Close ends the listener at the program's wish. It waits for no connection.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.quit {
		return &net.OpError{Op: "close", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
	}
	l.quit = true
	l.closeLocked()
	l.changedLocked()
	return nil
}

// Addr returns the address of the socket.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// open lets Accept take connections from the public socket.
func (l *Listener) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == held || l.mode == paused {
		l.mode = open
		l.changedLocked()
	}
}

// pause makes Accept wait. A connection that the kernel hands out at this very
// moment is still returned, and served.
func (l *Listener) pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == open {
		l.mode = paused
		l.wakeLocked()
	}
}

// drain ends the listener at the master's wish.
func (l *Listener) drain(last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.mode == closed || l.mode == ending:
		return
	case last && l.mode == open:
		l.mode = ending
		l.tally.begin() // a program between two calls of Accept may still take what is queued
		l.inner.SetDeadline(time.Now().Add(backlogGrace))
		time.AfterFunc(2*backlogGrace, l.endOfBacklog)
	default:
		l.closeLocked()
	}
	l.changedLocked()
}

// endOfBacklog closes a listener on which the program has not called Accept
// again.
func (l *Listener) endOfBacklog() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == ending {
		l.closeLocked()
		l.changedLocked()
	}
}

// give hands a private connection to the program's Accept.
func (l *Listener) give(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == closed || l.mode == ending {
		conn.Close()
		return
	}
	l.private = append(l.private, l.tally.admit(conn))
	l.wakeLocked()
}

// wakeLocked interrupts those who wait in Accept, in the kernel or for a change.
func (l *Listener) wakeLocked() {
	l.woken = true
	l.inner.SetDeadline(time.Unix(1, 0))
	l.changedLocked()
}

func (l *Listener) changedLocked() {
	close(l.change)
	l.change = make(chan struct{})
}

func (l *Listener) closeLocked() {
	if l.mode == closed {
		return
	}
	if l.mode == ending {
		defer l.tally.end()
	}
	l.mode = closed
	l.inner.Close()
	for _, c := range l.private {
		c.Close()
	}
	l.private = nil
}

// A promptListener is a Listener for a caller that waits for the connections by
// itself: Accept ends as soon as the listener drains.
type promptListener struct{ *Listener }

var immediately = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// Accept is Listener.Accept without the holding back.
func (l promptListener) Accept() (net.Conn, error) { return l.accept(immediately) }
