package load

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/served"
)

// messages are what is sent in each mode of HTTP/1.
var messages = map[Mode][]byte{
	KeepAlive: []byte("GET / HTTP/1.1\r\nHost: bench\r\n\r\n"),
	NewConn:   []byte("GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"),
	Streaming: []byte("GET /slow HTTP/1.1\r\nHost: bench\r\n\r\n"),
}

var get, _ = http.NewRequest(http.MethodGet, "http://bench/", nil)

// ask makes one request on a connection of the client's own.
func (c *client) ask(_ *client, deadline time.Time) outcome {
	if kind := c.connect(deadline); kind != Good {
		return outcome{kind: kind, at: time.Now()}
	}
	var out outcome
	switch c.config.Mode {
	case RawTCP, Upgraded:
		out = c.line(deadline)
	default:
		out = c.web(deadline)
	}
	if out.kind != Good {
		c.drop()
		return out
	}
	c.link.served = true
	if c.link.parted {
		if c.config.Mode != NewConn {
			c.announced++
		}
		c.part()
	}
	return out
}

// connect sees to it that there is a connection that is open as far as can be
// seen.
func (c *client) connect(deadline time.Time) Kind {
	if c.link != nil {
		switch c.link.look() {
		case quiet:
			return Good
		case ended:
			c.idleClosed++
			c.drop()
		case spoke:
			if kind := c.toldBye(deadline); kind != Good {
				c.drop()
				return kind
			}
			c.announced++
			c.part()
		}
	}
	link, kind := dial(c.config.Address, deadline)
	if kind != Good {
		return kind
	}
	c.link = link
	if c.config.Mode == Upgraded {
		if kind := c.upgrade(deadline); kind != Good {
			c.drop()
			return kind
		}
	}
	return Good
}

// part ends a connection that the server has said to be at its end. HTTP's
// server closes first; of lines the client does.
func (c *client) part() {
	if c.config.Mode == RawTCP || c.config.Mode == Upgraded {
		c.link.Close()
	} else {
		c.link.closeSecond()
	}
	c.link = nil
}

func (c *client) send(message []byte, deadline time.Time) error {
	c.link.SetDeadline(deadline)
	_, err := c.link.Write(message)
	return err
}

// web is a request of HTTP/1.
func (c *client) web(deadline time.Time) outcome {
	l := c.link
	if err := c.send(messages[c.config.Mode], deadline); err != nil {
		return outcome{kind: l.unanswered(err), at: time.Now()}
	}
	if _, err := l.in.Peek(1); err != nil {
		return outcome{kind: l.unanswered(err), at: time.Now()}
	}
	first := time.Now()
	resp, err := http.ReadResponse(l.in, get)
	if err != nil {
		return outcome{kind: unfinished(err), at: time.Now()}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	out := outcome{version: resp.Header.Get(served.VersionHeader), at: time.Now()}
	want := []byte("program\n")
	if c.config.Mode == Streaming {
		out.at, want = first, []byte(served.End) // the rest is the program's own pace
	}
	switch {
	case err != nil:
		out.kind, out.at = unfinished(err), time.Now()
	case resp.StatusCode != http.StatusOK, !bytes.HasSuffix(body, want):
		out.kind = Wrong
	}
	l.parted = resp.Close || c.config.Mode == NewConn
	return out
}
