//go:build unix

package item

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/handover"
	"golang.org/x/sys/unix"
)

// A packed item is a message with copies of its descriptors. It is made when it
// can be sent, and closed when it was: a program may have as many connections as
// it may have descriptors.
type packed struct {
	msg handover.Item
	fds []int
}

// send writes an item, which stays as it is.
func send(conn *handover.Conn, id int, it Item) error {
	p, err := pack(it)
	if err != nil {
		return unsent{err}
	}
	defer p.close()
	p.msg.ID = id
	return conn.Send(p.msg, p.fds...)
}

// unsent is an error that is the item's, not the way's.
type unsent struct{ error }

func (e unsent) Unwrap() error { return e.error }

func (p *packed) close() {
	for _, fd := range p.fds {
		unix.Close(fd)
	}
	p.fds = nil
}

func pack(it Item) (p packed, err error) {
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	p.msg = handover.Item{Name: it.Name}
	switch {
	case it.Conn != nil:
		c, err := movable(it.Conn)
		if err != nil {
			return p, err
		}
		if err := p.add("conn", c); err != nil {
			return p, err
		}
	case it.File != nil:
		if err := p.add("file", it.File); err != nil {
			return p, err
		}
	}
	if len(it.Data) <= inline {
		p.msg.Data = it.Data
		return p, nil
	}
	f, err := memory(it.Data)
	if err != nil {
		return p, fmt.Errorf("put %d bytes into a file in memory: %w", len(it.Data), err)
	}
	defer f.Close()
	p.msg.Size = len(it.Data)
	return p, p.add(p.msg.Kind, f)
}

// movable returns a connection that is no more than its descriptor.
func movable(c net.Conn) (syscall.Conn, error) {
	switch c := c.(type) {
	case *net.TCPConn, *net.UnixConn, *net.UDPConn:
		return c.(syscall.Conn), nil
	}
	return nil, fmt.Errorf("a %T cannot be moved, as a part of it is in this process (keys, buffers): %w", c, errors.ErrUnsupported)
}

func (p *packed) add(kind string, c syscall.Conn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var fd int
	var duplicated error
	// Not through File or Fd, which make a descriptor block, for all who share it.
	err = raw.Control(func(n uintptr) { fd, duplicated = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, duplicated); err != nil {
		return fmt.Errorf("copy its descriptor: %w", err)
	}
	p.msg.Kind, p.fds = kind, append(p.fds, fd)
	return nil
}

// unpack makes an item of what came; the files are its own from here on.
func unpack(msg handover.Item, files []*os.File) (it Item, err error) {
	defer func() {
		if err != nil {
			it.Close()
			closeAll(files)
		}
	}()
	want := 0
	if msg.Kind != "" {
		want++
	}
	if msg.Size != 0 {
		want++
	}
	if len(files) != want || msg.Size < 0 || msg.Size > MaxData {
		return it, fmt.Errorf("it came with %d descriptors, want %d; %d bytes of data", len(files), want, msg.Size)
	}
	it.Name, it.Data = msg.Name, msg.Data
	if msg.Size != 0 {
		f := files[len(files)-1]
		it.Data = make([]byte, msg.Size)
		if _, err := io.ReadFull(io.NewSectionReader(f, 0, int64(msg.Size)), it.Data); err != nil {
			return it, fmt.Errorf("read its data: %w", err)
		}
		f.Close()
		files = files[:len(files)-1]
	}
	switch msg.Kind {
	case "":
	case "file":
		it.File, files = files[0], nil
	case "conn":
		if it.Conn, err = net.FileConn(files[0]); err != nil {
			return it, fmt.Errorf("open its connection: %w", err)
		}
		closeAll(files)
		files = nil
	default:
		return it, fmt.Errorf("it is a %q, which this release does not know", msg.Kind)
	}
	return it, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
