package worker

import (
	"net"
	"sync"
)

// A tally holds the accepted connections that are still open, and counts those
// who may bring another. It costs three short locks a connection, none a
// request.
type tally struct {
	mu       sync.Mutex
	first    *entry
	open     int           // connections
	accepted uint64        // connections so far
	sources  int           // calls of accept(2) under way, listeners that end
	empty    chan struct{} // closed when there is neither; nil while nobody waits
}

// An entry is the place of one connection in the tally.
type entry struct {
	t          *tally
	prev, next *entry
	conn       net.Conn // nil once it has left
}

// enter counts a connection.
func (t *tally) enter(e *entry, conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e.t, e.conn, e.next = t, conn, t.first
	if t.first != nil {
		t.first.prev = e
	}
	t.first = e
	t.open++
	t.accepted++
}

// counts returns how many connections are open, and were accepted so far.
func (t *tally) counts() (open int, accepted uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open, t.accepted
}

// leave takes the connection out; a second call does nothing.
func (e *entry) leave() {
	t := e.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.conn == nil {
		return
	}
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		t.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	e.conn, e.prev, e.next = nil, nil, nil
	t.open--
	t.checkLocked()
}

// begin says that a connection may come until end is called: between the
// kernel's handing one out and enter, nothing else knows of it.
func (t *tally) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources++
}

func (t *tally) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sources--
	t.checkLocked()
}

func (t *tally) checkLocked() {
	if t.open == 0 && t.sources == 0 && t.empty != nil {
		close(t.empty)
		t.empty = nil
	}
}

// none returns a channel that is closed when no connection is open and none can
// come.
func (t *tally) none() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == 0 && t.sources == 0 {
		closed := make(chan struct{})
		close(closed)
		return closed
	}
	if t.empty == nil {
		t.empty = make(chan struct{})
	}
	return t.empty
}

// closeAll closes what is open.
func (t *tally) closeAll() {
	t.mu.Lock()
	var conns []net.Conn
	for e := t.first; e != nil; e = e.next {
		conns = append(conns, e.conn)
	}
	t.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}
