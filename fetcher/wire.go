package fetcher

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A wire is how this package speaks HTTP: every step has its bound, and the
// caller's header goes to the host that it is meant for and to no other.
type wire struct {
	client *http.Client // nil: sharedTransport
	header http.Header  // of every request
	stall  time.Duration
	max    int64
}

const (
	maxRedirects = 10
	// answerTimeout bounds the way to the beginning of an answer, all
	// redirects included, also on a transport that bounds nothing itself.
	answerTimeout = 2 * time.Minute
)

// sharedTransport serves every source that brings no client of its own.
// DisableCompression, because a transparently unpacked body has no ranges.
var sharedTransport = sync.OnceValue(func() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    1,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true,
	}
})

// do sends one request and returns when the answer's header is there. The
// caller closes the answer; until then ctx governs it.
func (w wire) do(ctx context.Context, method, target string, extra http.Header) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("fetch: the URL cannot be used: %w", plain(err))
	}
	maps.Copy(req.Header, extra)
	for name, values := range w.header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Host = req.Header.Get("Host") // empty: that of the URL
	a := &answer{ctx: ctx, cancel: cancel, stall: w.stall, source: sourceOf(req.URL)}
	late := time.AfterFunc(answerTimeout, func() { cancel(errStalled(answerTimeout)) })
	a.Response, err = w.following().Do(req)
	late.Stop()
	if err != nil {
		err = a.cause(err)
		cancel(nil)
		return nil, fmt.Errorf("fetch %q: %w", a.source, plain(err))
	}
	return a, nil
}

// following is the caller's client, or the shared one, with bounds on where it
// may be sent.
func (w wire) following() *http.Client {
	client := &http.Client{Transport: sharedTransport()}
	if w.client != nil {
		*client = *w.client
	}
	asked := client.CheckRedirect
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := w.redirect(req, via); err != nil || asked == nil {
			return err
		}
		return asked(req, via)
	}
	return client
}

// redirect bounds the chain, keeps it from leaving TLS, and keeps the caller's
// header (credentials, mostly) from other hosts: net/http does so only for the
// names that it knows to be secret.
func (w wire) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects", maxRedirects)
	}
	home := via[0].URL
	away := req.URL.Host != home.Host
	for _, passed := range via {
		if passed.URL.Scheme == "https" && req.URL.Scheme != "https" {
			return fmt.Errorf("redirected from https to %q: refused, anybody on the way could change the release", req.URL.Scheme)
		}
		away = away || passed.URL.Host != home.Host
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
// URL, and after a redirect that one mostly is a signed secret.
func plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// mayAsk guards what the API's answer makes us ask: it is redirected, in all
// but name. The header of w must not go to another host than the API's.
func (w wire) mayAsk(api, target string) error {
	if err := checkURL("the address in the API's answer", target); err != nil {
		return err
	}
	home, _ := url.Parse(api)
	to, _ := url.Parse(target)
	if home.Scheme == "https" && to.Scheme != "https" {
		return fmt.Errorf("the API sends from https to %q: refused, anybody on the way could change the release", sourceOf(to))
	}
	if len(w.header) > 0 && to.Host != home.Host {
		return fmt.Errorf("the API sends to %q: refused, it is another host and must not see the Token", sourceOf(to))
	}
	return nil
}
