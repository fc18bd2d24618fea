package admin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// An eventConn is one connection on which Server-Sent Events come. Source: the
// HTML standard, section 9.2.
type eventConn struct {
	body   io.Closer
	lines  *bufio.Scanner
	cancel context.CancelFunc
	silent *time.Timer // cuts a connection on which nothing comes
}

// A received is one message.
type received struct {
	kind string
	data []byte
}

// maxLine bounds one message.
const maxLine = 4 << 20

// errGarbled is that of what cannot be the server of this package; another
// connection would bring the same.
var errGarbled = errors.New("the stream of events cannot be read")

// open begins a stream behind an event.
func (c *Client) open(ctx context.Context, after uint64, samples bool) (*eventConn, error) {
	path := "/v1/events?after=" + strconv.FormatUint(after, 10)
	if samples {
		path += "&samples=1"
	}
	ctx, cancel := context.WithCancel(ctx)
	silent := time.AfterFunc(connectFor, cancel)
	conn, err := c.openAt(ctx, path)
	if err != nil {
		silent.Stop()
		cancel()
		return nil, err
	}
	silent.Reset(silentAfter)
	conn.cancel, conn.silent = cancel, silent
	return conn, nil
}

func (c *Client) openAt(ctx context.Context, path string) (*eventConn, error) {
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	resp, err := c.send(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
		return nil, errorOf(resp.StatusCode, body)
	}
	if kind := resp.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
		resp.Body.Close()
		return nil, fmt.Errorf("%w: it is of the type %q: is this the address of a master?", errGarbled, kind)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxLine)
	return &eventConn{body: resp.Body, lines: lines}, nil
}

// next waits for the next message.
func (e *eventConn) next() (received, error) {
	var r received
	for e.lines.Scan() {
		e.silent.Reset(silentAfter)
		line := e.lines.Bytes()
		if len(line) == 0 {
			if r.data != nil {
				return r, nil
			}
			r = received{}
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			r.kind = string(value)
		case "data":
			if r.data != nil {
				r.data = append(r.data, '\n')
			}
			r.data = append(r.data, value...)
		}
		if len(r.data) > maxLine {
			return received{}, fmt.Errorf("%w: a message has more than %d bytes", errGarbled, maxLine)
		}
	}
	switch err := e.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return received{}, fmt.Errorf("%w: a line has more than %d bytes", errGarbled, maxLine)
	case err != nil:
		return received{}, err
	}
	return received{}, io.EOF
}

func (e *eventConn) close() {
	e.silent.Stop()
	e.cancel()
	e.body.Close()
}
