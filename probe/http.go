package probe

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

const (
	maxHeader = 64 << 10 // more than any server's own limit for what it receives
	maxBody   = 1 << 20
	maxShown  = 300 // of the body, in an error
)

// HTTP sends GET path to listener 0, in HTTP/1.1, and passes when the answer
// is a 2xx (see [Status]) and is whole: the body is read to its end, or to
// 1 MiB, and one that breaks off before fails. Redirects are answers like any
// other and are not followed. A refused status is a [*StatusError].
func HTTP(path string, opts ...Option) Probe {
	q := newQuestion(path, opts)
	return func(ctx context.Context, t Target) error {
		ctx, cancel := bounded(ctx)
		defer cancel()
		if err := q.ask(ctx, t); err != nil {
			return fmt.Errorf("probe %q: get %q: %w", t.address(0), q.path, err)
		}
		return nil
	}
}

func (q *question) ask(ctx context.Context, t Target) error {
	host := cmp.Or(q.host, hostOf(t.address(0)))
	req, err := q.request(ctx, host)
	if err != nil {
		return err
	}
	raw, err := t.Dial(ctx, 0)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer raw.Close()
	defer closeWhenDone(ctx, raw)()

	conn, err := q.secure(ctx, raw, host)
	if err != nil {
		return err
	}
	if err := req.Write(conn); err != nil {
		return fmt.Errorf("send the request: %w", because(ctx, err))
	}
	return q.judge(ctx, conn, req)
}

func (q *question) request(ctx context.Context, host string) (*http.Request, error) {
	if !strings.HasPrefix(q.path, "/") {
		return nil, errors.New("a path begins with a slash")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+q.path, nil)
	if err != nil {
		return nil, err
	}
	req.Host = host
	req.Header = q.header
	req.Close = true
	return req, nil
}

func (q *question) secure(ctx context.Context, raw net.Conn, host string) (net.Conn, error) {
	if q.tls == nil {
		return raw, nil
	}
	config := q.tls
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName = nameOf(host)
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("tls handshake: %w", because(ctx, err))
	}
	return conn, nil
}

// judge reads the answer and says whether it passes.
func (q *question) judge(ctx context.Context, conn net.Conn, req *http.Request) error {
	limited := &io.LimitedReader{R: conn, N: maxHeader}
	resp, err := readFinal(bufio.NewReader(limited), req)
	if err != nil && limited.N <= 0 {
		return fmt.Errorf("read the answer: its header is longer than %d bytes", maxHeader)
	}
	if err != nil {
		return fmt.Errorf("read the answer: %w", because(ctx, err))
	}
	// The body is not closed: Close would read a stream that never ends to its
	// end. It holds nothing but the connection, which the caller closes.

	limited.N = 8 * maxBody // small chunks are mostly chunk headers
	if !q.passes(resp.StatusCode) {
		// What can be read is shown; that the rest is missing is no news.
		shown, _ := io.ReadAll(io.LimitReader(resp.Body, maxShown))
		return &StatusError{Code: resp.StatusCode, Body: firstLines(shown)}
	}
	if _, err := io.CopyN(io.Discard, resp.Body, maxBody); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the body of the %d answer: %w", resp.StatusCode, because(ctx, err))
	}
	return nil
}

// readFinal reads past the informational answers (1xx), of which a server may
// send any number: the bound on the header bounds them together.
func readFinal(r *bufio.Reader, req *http.Request) (*http.Response, error) {
	for {
		resp, err := http.ReadResponse(r, req)
		if err != nil || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return resp, err
		}
	}
}
