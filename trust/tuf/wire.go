package tuf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

const maxRedirects = 10

// A wire brings files of the metadata directory. Every step has its bound, and
// the user's header goes to the host that it is meant for and to no other.
type wire struct {
	base    *url.URL
	client  *http.Client
	header  http.Header
	timeout time.Duration
}

func newWire(o Options, base *url.URL) *wire {
	w := &wire{base: base, header: o.Header, timeout: o.RequestTimeout}
	client := http.Client{Transport: transport()}
	if o.Client != nil {
		client = *o.Client
	}
	asked := client.CheckRedirect
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := w.redirect(req, via); err != nil || asked == nil {
			return err
		}
		return asked(req, via)
	}
	w.client = &client
	return w
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    15 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    1,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// get returns a file that has at most max bytes, unpacked. Errors that can be
// matched: [ErrUnreachable], [ErrTooLarge], and that of ctx.
func (w *wire) get(ctx context.Context, file string, max int64) ([]byte, error) {
	ctx, cancel := within(ctx, w.timeout, "answer")
	defer cancel()
	target := w.base.JoinPath(file)
	data, err := w.read(ctx, target, max)
	switch {
	case err == nil:
		return data, nil
	case ctx.Err() != nil:
		err = ended(ctx)
	case !errors.Is(err, ErrTooLarge):
		err = fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return nil, fmt.Errorf("get %q: %w", sourceOf(target), err)
}

// within bounds what is waited for. A bound that is reached is told from the
// end of the caller's ctx by its cause, see ended.
func within(ctx context.Context, d time.Duration, what string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, fmt.Errorf("%w: no whole %s within %v", ErrUnreachable, what, d))
}

// ended returns why ctx, of within, has ended.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrUnreachable) {
		return cause
	}
	return ctx.Err()
}

func (w *wire) read(ctx context.Context, target *url.URL, max int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, plain(err)
	}
	for name, values := range w.header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Host = req.Header.Get("Host") // empty: that of the URL
	res, err := w.client.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, &metadata.ErrDownloadHTTP{StatusCode: res.StatusCode, URL: sourceOf(target)}
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, min(max, math.MaxInt64-1)+1))
	switch {
	case int64(len(data)) > max:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
	case err != nil:
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return data, nil
}

// absent reports whether the server says that there is no such file. Object
// stores say 403 where the reader may not list the bucket.
func absent(err error) bool {
	status, ok := errors.AsType[*metadata.ErrDownloadHTTP](err)
	return ok && slices.Contains([]int{http.StatusNotFound, http.StatusForbidden, http.StatusGone}, status.StatusCode)
}

// redirect bounds the chain, keeps it from leaving TLS, and keeps the user's
// header (credentials, mostly) from other hosts: net/http does so only for the
// names that it knows to be secret.
func (w *wire) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	away := req.URL.Host != w.base.Host
	for _, passed := range via {
		if passed.URL.Scheme == "https" && req.URL.Scheme != "https" {
			return fmt.Errorf("redirected from https to %q: refused", req.URL.Scheme)
		}
		away = away || passed.URL.Host != w.base.Host
	}
	req.Header.Del("Referer") // it would carry the query, which may be a secret
	if away {
		for name := range w.header {
			req.Header.Del(name)
		}
	}
	return nil
}

// sourceOf names a URL in messages: query and password may be secrets.
func sourceOf(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return shown.String()
}

// plain drops what net/http and net/url wrap around an error: it names the
// whole URL.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}
