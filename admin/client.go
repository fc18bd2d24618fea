package admin

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Client asks a master, and gives orders. Made by [Dial] or [NewClient]. It
// connects when it is used, and is safe for concurrent use. Each method returns
// when ctx ends.
//
// Errors that can be matched: *[Conflict], where an order cannot be carried out
// now; [ErrNotFound]; [ErrBehind]; *[StatusError] for all other answers. What is
// none of these is that the master could not be reached.
type Client struct {
	base  string
	token string
	http  *http.Client
	wrong error // what was wrong with the Remote

	seekFor time.Duration // that a stream seeks a master that is gone
}

const standardSeek = 30 * time.Second

// A Remote is a master that is reached by TCP.
type Remote struct {
	URL   string      // https://host:port
	Token string      // empty: none is sent. Without TLS it is sent to loopback addresses only
	TLS   *tls.Config // authorities, and a client certificate; nil: those of the system
}

// Dial returns a client for the unix socket of a master.
func Dial(socket string) *Client {
	return &Client{base: "http://overseer", seekFor: standardSeek, http: newHTTP(&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dialUnix(ctx, socket) },
		// A connection costs nothing here, and one that is kept may be to a
		// master that has just been replaced.
		DisableKeepAlives: true,
	})}
}

// NewClient returns a client for a master that is reached by TCP. What is wrong
// with r is the error of each call.
func NewClient(r Remote) *Client {
	return &Client{
		base:    strings.TrimSuffix(r.URL, "/"),
		token:   r.Token,
		wrong:   r.check(),
		seekFor: standardSeek,
		http: newHTTP(&http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:     r.TLS.Clone(),
			TLSHandshakeTimeout: 10 * time.Second,
			IdleConnTimeout:     10 * time.Second,
			Proxy:               http.ProxyFromEnvironment,
		}),
	}
}

func newHTTP(t *http.Transport) *http.Client {
	t.ResponseHeaderTimeout = time.Minute
	t.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{
		Transport: t,
		// The API redirects nowhere, and a token is not carried elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (r Remote) check() error {
	u, err := url.Parse(r.URL)
	if err != nil {
		return fmt.Errorf("admin: %w", err)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("admin: %q is no address of a master: give https://HOST:PORT", r.URL)
	}
	ip := net.ParseIP(u.Hostname())
	if r.Token != "" && u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("admin: the token would be readable on its way to %s: use https", u.Host)
	}
	return nil
}

// A StatusError is an answer that has no meaning of its own in this package.
type StatusError struct {
	Code    int    // of HTTP
	Message string // what the server says, or the name of the code
}

func (e *StatusError) Error() string { return fmt.Sprintf("%s (HTTP %d)", e.Message, e.Code) }

// Status returns what the master holds.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return get[Status](ctx, c, "/v1/status")
}

// Sample returns the part of the status that changes all the time.
func (c *Client) Sample(ctx context.Context) (Sample, error) {
	return get[Sample](ctx, c, "/v1/sample")
}

// Events returns up to max events that come after the given ID, as
// [Master].Events does; 1,000 at most.
func (c *Client) Events(ctx context.Context, after uint64, max int) (events []Event, known bool, err error) {
	query := url.Values{"after": {strconv.FormatUint(after, 10)}, "limit": {strconv.Itoa(max)}}
	all, err := get[eventList](ctx, c, "/v1/events?"+query.Encode())
	return all.Events, all.Known, err
}

// History returns up to max changes of release, the newest first; 1,000 at most.
func (c *Client) History(ctx context.Context, max int) ([]Attempt, error) {
	return get[[]Attempt](ctx, c, "/v1/history?limit="+strconv.Itoa(max))
}

// Quarantine returns the releases that are not tried again.
func (c *Client) Quarantine(ctx context.Context) ([]Entry, error) {
	return get[[]Entry](ctx, c, "/v1/quarantine")
}

func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	var v T
	req, err := c.request(ctx, http.MethodGet, path, nil)
	if err == nil {
		err = c.do(req, http.StatusOK, &v)
	}
	return v, err
}

// request makes a request; body is sent as JSON where it is not nil.
func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	if c.wrong != nil {
		return nil, c.wrong
	}
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// do sends a request and reads its answer, which has to have the given code.
func (c *Client) do(req *http.Request, want int, into any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("answer to %s %s: %w", req.Method, req.URL.Path, err)
	case len(body) > maxAnswer:
		return fmt.Errorf("answer to %s %s: more than %d bytes", req.Method, req.URL.Path, maxAnswer)
	case resp.StatusCode != want:
		return errorOf(resp.StatusCode, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("answer to %s %s: %w: is this the socket of a master?", req.Method, req.URL.Path, err)
	}
	return nil
}

// errorOf makes an error of an answer.
func errorOf(code int, body []byte) error {
	var f failure
	if json.Unmarshal(body, &f) != nil || f.Error == "" {
		f.Error = "the answer is " + strings.ToLower(http.StatusText(code))
	}
	switch code {
	case http.StatusConflict:
		return &Conflict{f.Error}
	case http.StatusNotFound:
		return as(ErrNotFound, f.Error)
	case http.StatusGone:
		return as(ErrBehind, f.Error)
	}
	return &StatusError{code, f.Error}
}

// as returns an error that matches one and says what the server said.
func as(match error, message string) error {
	if message == match.Error() {
		return match
	}
	return &said{match, message}
}

type said struct {
	match   error
	message string
}

func (s *said) Error() string        { return s.message }
func (s *said) Is(target error) bool { return errors.Is(s.match, target) }
