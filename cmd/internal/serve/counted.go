package serve

import (
	"io"
	"net/http"
	"time"
)

const (
	stall = 30 * time.Second // in which a client must take a piece
	piece = 4 << 20
)

// counted notes what was answered, and gives up a client that stalls. It keeps
// sendfile: a file is handed on as it is, in pieces.
type counted struct {
	http.ResponseWriter
	control *http.ResponseController
	status  int
	bytes   int64
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(p []byte) (int, error) {
	c.await()
	n, err := c.ResponseWriter.Write(p)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom is that of [io.ReaderFrom]. A LimitedReader of a file is what
// net/http gives to the kernel; one of another LimitedReader it copies.
func (c *counted) ReadFrom(r io.Reader) (total int64, err error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		limited = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	to, ok := c.ResponseWriter.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	for limited.N > 0 {
		c.await()
		part := &io.LimitedReader{R: limited.R, N: min(limited.N, piece)}
		want := part.N
		n, err := to.ReadFrom(part)
		limited.N -= n
		c.bytes += n
		total += n
		if err != nil || n < want {
			return total, err
		}
	}
	return total, nil
}

// await begins the time in which a piece must go out. Where it cannot, the
// connection is gone, and the write says so; or it is no connection but a test.
func (c *counted) await() { _ = c.control.SetWriteDeadline(time.Now().Add(stall)) }

// refuse answers a request that may have a body, which is waited for no longer
// than the rest.
func (c *counted) refuse(r *http.Request, status int, why string) {
	if r.ContentLength != 0 {
		_ = c.control.SetReadDeadline(time.Now().Add(stall)) // see await
	}
	c.Header().Set("Connection", "close")
	http.Error(c, why, status)
}
