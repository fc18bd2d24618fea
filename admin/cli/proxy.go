package cli

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

// Bounds of a proxy.
const (
	maxProxied  = 64      // requests at the same time
	maxBody     = 1 << 20 // bytes of a request
	dialTimeout = 5 * time.Second
)

// A proxy passes requests on to a master's socket. The files of the page are for
// all who reach it, as there is no secret in them; all else needs the token. Its
// port can be reached by each page that a browser has open, so a request has to
// name the address itself, and to come from no other page.
type proxy struct {
	token     [sha256.Size]byte
	places    chan struct{}
	hosts     []string
	origin    *http.CrossOriginProtection
	transport *http.Transport
	next      *httputil.ReverseProxy
}

func newProxy(socket, token, address string) *proxy {
	_, port, _ := net.SplitHostPort(address)
	p := &proxy{
		token:  sha256.Sum256([]byte(token)),
		places: make(chan struct{}, maxProxied),
		hosts:  []string{address, "localhost:" + port},
		origin: http.NewCrossOriginProtection(),
		transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				d := net.Dialer{Timeout: dialTimeout}
				return d.DialContext(ctx, "unix", socket)
			},
			MaxConnsPerHost: maxProxied, IdleConnTimeout: 10 * time.Second, DisableCompression: true,
		},
	}
	p.next = &httputil.ReverseProxy{
		Transport:     p.transport,
		FlushInterval: -1,                         // events are passed on as they come
		ErrorLog:      log.New(io.Discard, "", 0), // the browser is told
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "master"
			for _, name := range []string{"Authorization", "Origin", "Sec-Fetch-Site"} { // looked at here
				r.Out.Header.Del(name)
			}
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			refuse(w, http.StatusBadGateway, "the master does not answer: "+err.Error())
		},
	}
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := *r
	asked.Method = http.MethodPost // CrossOriginProtection lets each GET pass
	secret := strings.HasPrefix(r.URL.Path, "/v1/")
	switch {
	case r.Host != p.hosts[0] && r.Host != p.hosts[1]:
		refuse(w, http.StatusForbidden, "this address is not the one that was asked for")
	case secret && p.origin.Check(&asked) != nil:
		refuse(w, http.StatusForbidden, "another page asks")
	case secret && !p.knows(r):
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "the token of the URL is needed")
	default:
		select {
		case p.places <- struct{}{}:
			defer func() { <-p.places }()
		default:
			refuse(w, http.StatusServiceUnavailable, "too many requests are under way: close other pages")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		p.next.ServeHTTP(w, r)
	}
}

func (p *proxy) knows(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(sum[:], p.token[:]) == 1
}

// close waits until all requests have ended, which the server has cut off.
func (p *proxy) close() {
	timeout := time.NewTimer(dialTimeout)
	defer timeout.Stop()
	for range maxProxied {
		select {
		case p.places <- struct{}{}:
		case <-timeout.C:
			return
		}
	}
	p.transport.CloseIdleConnections()
}

func refuse(w http.ResponseWriter, code int, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]string{"error": why}) // whoever does not read it has the code
}
