package admin

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
)

// A door is an [Access] that looks at requests.
type door struct {
	access   Access
	token    [sha256.Size]byte
	hosts    map[string]bool
	unix     bool
	loopback bool
	origin   *http.CrossOriginProtection
}

func newDoor(a Access, addr net.Addr) *door {
	d := &door{
		access:   a,
		token:    sha256.Sum256([]byte(a.Token)),
		hosts:    map[string]bool{},
		unix:     addr.Network() == "unix",
		loopback: isLoopback(addr),
		origin:   http.NewCrossOriginProtection(),
	}
	for _, host := range a.Hosts {
		d.hosts[plainHost(host)] = true
	}
	return d
}

// peer looks at who has connected: the answer to whoever is refused.
func (d *door) peer(r *http.Request) (int, string) {
	if d.access.Peer {
		c := connOf(r)
		switch {
		case c == nil || c.err != nil:
			return http.StatusForbidden, "it cannot be known which user connected"
		case !c.allowed():
			return http.StatusForbidden, "this socket is for root and " + userOf(os.Geteuid()) + ", and not for " + userOf(c.uid) + ": use sudo"
		}
	}
	// The handshake has refused all others; a GetConfigForClient may have been
	// laxer than the configuration that was looked at.
	if d.access.mutual() && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
		return http.StatusForbidden, "a client certificate is needed"
	}
	return 0, ""
}

// host keeps away pages that have their own name point to this address (DNS
// rebinding): their browser sends that name.
func (d *door) host(r *http.Request) bool {
	if d.unix {
		return true // no browser comes here
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = plainHost(host)
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	return d.hosts[host] || d.loopback && host == "localhost"
}

func plainHost(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// sameOrigin keeps away other pages in a browser, for reading as for orders.
// CrossOriginProtection lets all GETs pass, so it is shown a POST.
func (d *door) sameOrigin(r *http.Request) error {
	as := *r
	as.Method = http.MethodPost
	return d.origin.Check(&as)
}

var (
	errNoToken    = errors.New("a token is needed: send it as \"Authorization: Bearer TOKEN\"")
	errWrongToken = errors.New("the token is wrong")
)

// bearer checks the token, in a time that does not depend on how much of it is
// right.
func (d *door) bearer(r *http.Request) error {
	if d.access.Token == "" {
		return nil
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return errNoToken
	}
	if sum := sha256.Sum256([]byte(strings.TrimSpace(token))); subtle.ConstantTimeCompare(sum[:], d.token[:]) != 1 {
		return errWrongToken
	}
	return nil
}

type connKey struct{}

// connOf returns the connection by which a request came.
func connOf(r *http.Request) *conn {
	c, _ := r.Context().Value(connKey{}).(*conn)
	return c
}

func withConn(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn()
	}
	return context.WithValue(ctx, connKey{}, c)
}
