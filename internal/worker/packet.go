package worker

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// A PacketConn is a datagram socket of the master as the program sees it. All
// generations share its queue. While a generation is not live its reads block;
// writes always go through, so that what was received can be answered.
//
// When the generation drains, reads return an error that matches
// [net.ErrClosed]; writes go on until the process ends.
type PacketConn struct {
	*net.UDPConn
	index int
	first func(index int)
	once  sync.Once

	mu       sync.Mutex
	mode     mode
	woken    bool
	deadline time.Time // of reads, as the program set it
	change   chan struct{}
}

func newPacketConn(inner *net.UDPConn, index int, first func(int)) *PacketConn {
	return &PacketConn{UDPConn: inner, index: index, first: first, change: make(chan struct{})}
}

// Read is [net.UDPConn.Read], while the generation is live.
func (p *PacketConn) Read(b []byte) (n int, err error) {
	err = p.read(func() (err error) { n, err = p.UDPConn.Read(b); return })
	return n, err
}

// ReadFrom is [net.UDPConn.ReadFrom], while the generation is live.
func (p *PacketConn) ReadFrom(b []byte) (n int, addr net.Addr, err error) {
	err = p.read(func() (err error) { n, addr, err = p.UDPConn.ReadFrom(b); return })
	return n, addr, err
}

// ReadFromUDP is [net.UDPConn.ReadFromUDP], while the generation is live.
func (p *PacketConn) ReadFromUDP(b []byte) (n int, addr *net.UDPAddr, err error) {
	err = p.read(func() (err error) { n, addr, err = p.UDPConn.ReadFromUDP(b); return })
	return n, addr, err
}

// ReadFromUDPAddrPort is [net.UDPConn.ReadFromUDPAddrPort], while the generation
// is live.
func (p *PacketConn) ReadFromUDPAddrPort(b []byte) (n int, addr netip.AddrPort, err error) {
	err = p.read(func() (err error) { n, addr, err = p.UDPConn.ReadFromUDPAddrPort(b); return })
	return n, addr, err
}

// ReadMsgUDP is [net.UDPConn.ReadMsgUDP], while the generation is live.
func (p *PacketConn) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	err = p.read(func() (err error) { n, oobn, flags, addr, err = p.UDPConn.ReadMsgUDP(b, oob); return })
	return n, oobn, flags, addr, err
}

// ReadMsgUDPAddrPort is [net.UDPConn.ReadMsgUDPAddrPort], while the generation is
// live.
func (p *PacketConn) ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error) {
	err = p.read(func() (err error) { n, oobn, flags, addr, err = p.UDPConn.ReadMsgUDPAddrPort(b, oob); return })
	return n, oobn, flags, addr, err
}

// read runs one read of the socket whenever the generation may.
func (p *PacketConn) read(once func() error) error {
	p.once.Do(func() { p.first(p.index) })
	for {
		wait, until, err := p.turn()
		if err != nil {
			return err
		}
		if wait != nil {
			if !waitUntil(wait, until) {
				return p.opError(os.ErrDeadlineExceeded)
			}
			continue
		}
		err = once()
		if err == nil || !p.interrupted(err) {
			return err
		}
	}
}

func (p *PacketConn) turn() (wait <-chan struct{}, until time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch p.mode {
	case held, paused:
		return p.change, p.deadline, nil
	case ending, closed:
		return nil, time.Time{}, p.opError(net.ErrClosed)
	}
	if p.woken {
		p.woken = false
		p.UDPConn.SetReadDeadline(p.deadline)
	}
	return nil, time.Time{}, nil
}

// interrupted reports whether a read ended for our reasons and not because the
// program's own deadline has passed.
func (p *PacketConn) interrupted(err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode != open && errors.Is(err, os.ErrDeadlineExceeded) || p.woken
}

// SetReadDeadline is [net.UDPConn.SetReadDeadline]; it holds also while the
// generation stands by.
func (p *PacketConn) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deadline = t
	p.changedLocked()
	if p.woken {
		return nil // set when the generation is live again
	}
	return p.UDPConn.SetReadDeadline(t)
}

// SetDeadline is [net.UDPConn.SetDeadline]; for reads it holds also while the
// generation stands by.
func (p *PacketConn) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.UDPConn.SetWriteDeadline(t))
}

// Close ends the socket at the program's wish, and the reads that wait.
func (p *PacketConn) Close() error {
	p.become(closed)
	return p.UDPConn.Close()
}

func (p *PacketConn) open() { p.become(open) }

func (p *PacketConn) pause() { p.become(paused) }

func (p *PacketConn) drain(last bool) { p.become(closed) }

func (p *PacketConn) give(conn net.Conn) { conn.Close() }

func (p *PacketConn) become(m mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mode == closed || p.mode == m {
		return
	}
	p.mode = m
	if m != open {
		p.woken = true
		p.UDPConn.SetReadDeadline(time.Unix(1, 0))
	}
	p.changedLocked()
}

func (p *PacketConn) changedLocked() {
	close(p.change)
	p.change = make(chan struct{})
}

func (p *PacketConn) opError(err error) error {
	return &net.OpError{Op: "read", Net: "udp", Addr: p.LocalAddr(), Err: err}
}

// waitUntil waits for the channel; false means that the time has come first.
// The zero time never comes.
func waitUntil(c <-chan struct{}, t time.Time) bool {
	if t.IsZero() {
		<-c
		return true
	}
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-c:
		return true
	case <-timer.C:
		return false
	}
}
