package load

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/served"
)

// multiplexed is one connection of HTTP/2 that clients share. Requests go by the
// connection itself: it is the transport around it that would send one twice.
type multiplexed struct {
	address string

	mu   sync.Mutex
	conn *http.ClientConn
}

var transport = http.Transport{Protocols: unencrypted()}

func unencrypted() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}

// ask makes one request. The client is told of connections that have ended.
func (m *multiplexed) ask(c *client, deadline time.Time) outcome {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	for {
		conn, kind := m.take(ctx, c)
		if kind != Good {
			return outcome{kind: kind, at: time.Now()}
		}
		out, sent := one(ctx, conn)
		if sent || ctx.Err() != nil {
			return out
		}
	}
}

// take returns the connection, with a place for one request. One that had its
// GOAWAY closes when its last request is done, and then looks like one that was
// closed while idle, so both count as announced.
func (m *multiplexed) take(ctx context.Context, c *client) (*http.ClientConn, Kind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.conn != nil {
		if m.conn.Reserve() == nil {
			return m.conn, Good
		}
		c.announced++
		m.conn = nil
	}
	conn, err := transport.NewClientConn(ctx, "http", m.address)
	if err != nil {
		return nil, dialFailed(err)
	}
	if conn.Reserve() != nil {
		conn.Close()
		return nil, Reset
	}
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
func one(ctx context.Context, conn *http.ClientConn) (outcome, bool) {
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

// sortHTTP2 goes by the text, as net/http has no names for these errors.
func sortHTTP2(err error) (kind Kind, sent bool) {
	text := err.Error()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout, true
	case strings.Contains(text, "client conn not usable"), strings.Contains(text, "client conn could not be established"):
		return Cut, false
	case strings.Contains(text, "graceful shutdown GOAWAY"), strings.Contains(text, "REFUSED_STREAM"):
		return Unprocessed, true
	default:
		return Cut, true
	}
}
