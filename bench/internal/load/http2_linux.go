package load

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"github.com/seed-3d078585/overseer/bench/internal/served"
)

// multiplexed is one connection of HTTP/2 that clients share. Requests go by the
// connection itself: it is the transport around it that would send one twice.
type multiplexed struct {
	address string

	mu   sync.Mutex
	conn *http2.ClientConn
}

var transport = http2.Transport{AllowHTTP: true}

// ask makes one request. The client is told of connections that have ended.
func (m *multiplexed) ask(c *client, deadline time.Time) outcome {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	for {
		conn, kind := m.take(c, deadline)
		if kind != Good {
			return outcome{kind: kind, at: time.Now()}
		}
		out, sent := one(ctx, conn)
		if sent || ctx.Err() != nil {
			return out
		}
	}
}

// take returns the connection, with a place for one request.
func (m *multiplexed) take(c *client, deadline time.Time) (*http2.ClientConn, Kind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn != nil {
		if m.conn.ReserveNewRequest() {
			return m.conn, Good
		}
		if m.conn.State().Closing {
			c.announced++
		} else {
			c.idleClosed++
		}
		m.conn.SetDoNotReuse() // it closes when its last request is done
	}
	m.conn = nil
	link, err := (&net.Dialer{Deadline: deadline, KeepAlive: -1}).Dial("tcp", m.address)
	if err != nil {
		return nil, dialFailed(err)
	}
	conn, err := transport.NewClientConn(link)
	if err != nil {
		link.Close()
		return nil, Reset
	}
	conn.ReserveNewRequest()
	m.conn = conn
	return conn, Good
}

func (m *multiplexed) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
}

// one makes a request and says whether any of it was sent.
func one(ctx context.Context, conn *http2.ClientConn) (outcome, bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://bench/", nil)
	if err != nil {
		return outcome{kind: Wrong, at: time.Now()}, true
	}
	resp, err := conn.RoundTrip(req)
	if err != nil {
		kind, sent := sortHTTP2(err)
		return outcome{kind: kind, at: time.Now()}, sent
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	out := outcome{version: resp.Header.Get(served.VersionHeader), at: time.Now()}
	switch {
	case err != nil:
		out.kind = unfinished(err)
	case resp.StatusCode != http.StatusOK || !strings.HasSuffix(string(body), "program\n"):
		out.kind = Wrong
	}
	return out, true
}

// sortHTTP2 goes by the text where the package has no name for an error.
func sortHTTP2(err error) (kind Kind, sent bool) {
	var stream http2.StreamError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout, true
	case strings.Contains(err.Error(), "client conn not usable"), strings.Contains(err.Error(), "client conn could not be established"):
		return Cut, false
	case strings.Contains(err.Error(), "graceful shutdown GOAWAY"),
		errors.As(err, &stream) && stream.Code == http2.ErrCodeRefusedStream:
		return Unprocessed, true
	default:
		return Cut, true
	}
}
