package load

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/served"
)

// upgrade leaves HTTP.
func (c *client) upgrade(deadline time.Time) Kind {
	if err := c.send([]byte("GET /echo HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"), deadline); err != nil {
		return c.link.unanswered(err)
	}
	if _, err := c.link.in.Peek(1); err != nil {
		return c.link.unanswered(err)
	}
	resp, err := http.ReadResponse(c.link.in, get)
	switch {
	case err != nil:
		return unfinished(err)
	case resp.StatusCode != http.StatusSwitchingProtocols:
		return Wrong
	}
	return Good
}

// line sends a line and wants it back. A goodbye may come before it.
func (c *client) line(deadline time.Time) outcome {
	l := c.link
	sent := fmt.Appendf(nil, "line %d\n", len(c.records))
	if err := c.send(sent, deadline); err != nil {
		return outcome{kind: l.unanswered(err), at: time.Now()}
	}
	for {
		if _, err := l.in.Peek(1); err != nil {
			return outcome{kind: l.unanswered(err), at: time.Now()}
		}
		got, err := readLine(l.in)
		switch {
		case err != nil:
			return outcome{kind: unfinished(err), at: time.Now()}
		case string(got) == served.Bye+"\n":
			l.parted = true
			continue
		}
		version, rest, _ := bytes.Cut(got, []byte(" "))
		if !bytes.Equal(rest, sent) {
			return outcome{kind: Wrong, at: time.Now()}
		}
		return outcome{version: string(version), at: time.Now()}
	}
}

// toldBye reads what a connection has said without being asked.
func (c *client) toldBye(deadline time.Time) Kind {
	if c.config.Mode != RawTCP && c.config.Mode != Upgraded {
		return Wrong
	}
	c.link.SetDeadline(deadline)
	got, err := readLine(c.link.in)
	switch {
	case err != nil:
		return unfinished(err)
	case string(got) != served.Bye+"\n":
		return Wrong
	}
	return Good
}

func readLine(in *bufio.Reader) ([]byte, error) { return in.ReadSlice('\n') }
