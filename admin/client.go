package admin

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
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
