//go:build unix

package handover

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A Conn is one end of the conversation. Send may be called by many goroutines,
// Receive by one at a time.
type Conn struct {
	c        *net.UnixConn
	words    words // what Receive understands
	maxFrame int
	maxFiles int // how many descriptors may wait for their frame

	in    []byte     // bytes read and not yet consumed
	files []*os.File // descriptors read and not yet consumed
	cut   bool       // some did not come: this process has too many open

	mu sync.Mutex // held while a frame is written
}

// Pair makes the two ends of a new conversation. The worker's end is a file for
// the list of descriptors that a process is started with; the caller closes it.
func Pair() (master *Conn, worker *os.File, err error) {
	fds, err := socketpair()
	if err != nil {
		return nil, nil, fmt.Errorf("make control socket: %w", err)
	}
	worker = os.NewFile(uintptr(fds[1]), "worker's control socket")
	master, err = NewConn(os.NewFile(uintptr(fds[0]), "control socket"))
	if err != nil {
		return nil, nil, errors.Join(err, worker.Close())
	}
	return master, worker, nil
}

// NewConn takes over an end of a control socket, and closes the file.
func NewConn(f *os.File) (*Conn, error) {
	c, err := net.FileConn(f)
	f.Close()
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	uc, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, fmt.Errorf("open control socket: descriptor is a %s connection, want a unix one", c.LocalAddr().Network())
	}
	return &Conn{c: uc, words: readers, maxFrame: MaxFrame, maxFiles: 2 * MaxFDs}, nil
}

// Send writes a message, and with it descriptors that stay the caller's. It
// ends within [SendTimeout]. A frame that could not be written whole ends the
// conversation: Receive ends too.
func (c *Conn) Send(m Message, fds ...int) error {
	if len(fds) > MaxFDs {
		return fmt.Errorf("send %s: %d descriptors, more than the %d of a frame", m.kind(), len(fds), MaxFDs)
	}
	frame, err := encode(m, len(fds))
	if err != nil {
		return err
	}
	if len(frame) > c.maxFrame {
		return fmt.Errorf("send %s: %d bytes, more than the %d of a frame", m.kind(), len(frame), c.maxFrame)
	}
	out := append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)
	var oob []byte
	if len(fds) > 0 {
		oob = unix.UnixRights(fds...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.write(out, oob); err != nil {
		// Whatever came next would be read as the rest of this frame. What the
		// other side had said before is still received.
		c.c.CloseWrite()
		c.c.CloseRead()
		return fmt.Errorf("send %s: %w", m.kind(), err)
	}
	return nil
}

func (c *Conn) write(out, oob []byte) error {
	if err := c.c.SetWriteDeadline(time.Now().Add(SendTimeout)); err != nil {
		return err
	}
	n, _, err := c.c.WriteMsgUnix(out, oob, nil)
	if err == nil && n < len(out) {
		_, err = c.c.Write(out[n:])
	}
	return err
}

// Receive waits for the next message that this version knows and returns it
// with its descriptors, which are close-on-exec and the caller's to close. It
// returns [io.EOF] when the other side has gone, and ends with an error when
// the Conn is closed. Give it a bound with SetReadDeadline; any other error is
// the end of the conversation. Where this process may open no more files, a
// [Private], a [Bequeath] or a [Bequest] comes without its descriptor: that fails
// a probe or the handing over of items, and is no reason to end.
func (c *Conn) Receive() (Message, []*os.File, error) {
	m, files, err := c.receive()
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		closeAll(c.files)
		c.files = nil
	}
	return m, files, err
}

func (c *Conn) receive() (Message, []*os.File, error) {
	for {
		frame, err := c.frame()
		if err != nil {
			return nil, nil, err
		}
		m, count, err := c.words.decode(frame)
		if err != nil {
			return nil, nil, err
		}
		if count > len(c.files) {
			if c.cut && canDoWithout(m) {
				c.cut = false
				return m, nil, nil
			}
			return nil, nil, fmt.Errorf("receive: frame announces %d descriptors, %d came: is the limit of open files (ulimit -n) reached?", count, len(c.files))
		}
		files := c.files[:count:count]
		c.files = c.files[count:]
		if m == nil {
			closeAll(files)
			continue
		}
		return m, files, nil
	}
}

// canDoWithout reports whether the conversation goes on without the descriptor of
// a message: whoever sent it hears that its other end has gone.
func canDoWithout(m Message) bool {
	switch m.(type) {
	case Private, Bequeath, Bequest:
		return true
	}
	return false
}

// frame returns the next frame's JSON, valid until the next call.
func (c *Conn) frame() ([]byte, error) {
	for {
		if len(c.in) >= 4 {
			n := int(binary.BigEndian.Uint32(c.in))
			if n < 1 || n > c.maxFrame {
				return nil, fmt.Errorf("receive: frame of %d bytes, want 1 to %d", n, c.maxFrame)
			}
			if len(c.in) >= 4+n {
				frame := c.in[4 : 4+n]
				c.in = c.in[4+n:]
				return frame, nil
			}
		}
		if err := c.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads once. The kernel hands descriptors over with the first of the bytes
// that they were sent with, and ends the read there at the latest where more
// follow (unix_stream_read_generic of Linux), so they never come later than
// their frame and one buffer holds them: those of one frame, and of the next one
// that has begun. More than that nobody has announced.
func (c *Conn) fill() error {
	buf := make([]byte, 64<<10)
	oob := make([]byte, unix.CmsgSpace(MaxFDs*4))
	n, oobn, flags, _, err := c.c.ReadMsgUnix(buf, oob)
	files, ferr := parseFiles(oob[:oobn])
	if ferr != nil {
		return ferr
	}
	c.files = append(c.files, files...)
	switch {
	case errors.Is(err, io.EOF), // which package net wraps
		errors.Is(err, unix.ECONNRESET): // gone, and had not read all that was said to it
		return c.gone()
	case err != nil:
		return err
	case len(c.files) > c.maxFiles:
		return fmt.Errorf("receive: %d descriptors that no frame announces", len(c.files))
	}
	c.cut = c.cut || flags&unix.MSG_CTRUNC != 0
	c.in = append(c.in, buf[:n]...)
	return nil
}

// gone is the error for the end of the stream.
func (c *Conn) gone() error {
	if len(c.in) > 0 {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}

func parseFiles(oob []byte) ([]*os.File, error) {
	if len(oob) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("receive: %w", err)
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			continue // not descriptors
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

// SetReadDeadline bounds Receive; the zero time means no bound.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.c.SetReadDeadline(t) }

// SetWriteBuffer asks for a buffer of so many bytes for what was sent and not
// received yet.
func (c *Conn) SetWriteBuffer(bytes int) error { return c.c.SetWriteBuffer(bytes) }

// CloseRead makes whatever the other side says from now on fail there. Receive
// returns what it had said before, then [io.EOF].
func (c *Conn) CloseRead() error { return c.c.CloseRead() }

// Close ends the conversation: the other side sees its end.
func (c *Conn) Close() error {
	return c.c.Close()
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
