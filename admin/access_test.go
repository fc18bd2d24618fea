package admin_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

// Serve refuses what would be open to others.
func TestAccessIsRefused(t *testing.T) {
	unix := &net.UnixAddr{Name: "/run/admin.sock", Net: "unix"}
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}
	public := &net.TCPAddr{IP: net.IPv4zero, Port: 80}
	cert := []tls.Certificate{{}}
	pool := x509.NewCertPool()
	for _, c := range []struct {
		name   string
		addr   net.Addr
		access admin.Access
		want   string // part of the error; empty: none
	}{
		{"nothing asked for, unix", unix, admin.Access{}, "open to all"},
		{"nothing asked for, loopback", loopback, admin.Access{}, "open to all"},
		{"TLS alone", public, admin.Access{TLS: &tls.Config{Certificates: cert}}, "open to all"},
		{"certificates are wished for only", public, admin.Access{TLS: &tls.Config{Certificates: cert, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}}, "open to all"},
		{"certificates of anybody", public, admin.Access{TLS: &tls.Config{Certificates: cert, ClientAuth: tls.RequireAnyClientCert, ClientCAs: pool}}, "open to all"},
		{"certificates of all authorities", public, admin.Access{TLS: &tls.Config{Certificates: cert, ClientAuth: tls.RequireAndVerifyClientCert}}, "ClientCAs"},
		{"a peer on TCP", loopback, admin.Access{Peer: true, Token: "x"}, "unix socket"},
		{"a token in the clear", public, admin.Access{Token: "x"}, "use TLS"},
		{"a token in the clear on an unknown network", named("tcp"), admin.Access{Token: "x"}, "use TLS"},
		{"TLS without a certificate", public, admin.Access{Token: "x", TLS: &tls.Config{}}, "no certificate"},
		{"a token with a blank", loopback, admin.Access{Token: "a b"}, "header"},
		{"a token with a newline, from a file", loopback, admin.Access{Token: "a\n"}, "header"},
		{"a host with a port", loopback, admin.Access{Token: "x", Hosts: []string{"a:80"}}, "no host name"},
		{"all hosts", loopback, admin.Access{Token: "x", Hosts: []string{"*"}}, "no host name"},
		{"peer", unix, admin.Access{Peer: true}, ""},
		{"peer and token", unix, admin.Access{Peer: true, Token: "x"}, ""},
		{"token, unix", unix, admin.Access{Token: "x"}, ""},
		{"token, loopback", loopback, admin.Access{Token: "x"}, ""},
		{"token, TLS", public, admin.Access{Token: "x", TLS: &tls.Config{Certificates: cert}}, ""},
		{"mutual TLS", public, admin.Access{TLS: &tls.Config{Certificates: cert, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.access.Check(c.addr)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
	l := listen(t, "tcp", "127.0.0.1:0")
	if err := newService(admin.Bounds{}).Serve(l, admin.Access{}); err == nil {
		t.Error("Serve took an Access that is open to all")
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("a listener that was refused still listens")
	}
}

type named string

func (n named) Network() string { return string(n) }
func (n named) String() string  { return string(n) }

// With client certificates nobody else comes in, and orders have the name of the
// certificate.
func TestMutualTLS(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	s := newService(admin.Bounds{})
	l := listen(t, "tcp", "127.0.0.1:0")
	s.serve(t, l, admin.Access{TLS: &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t, "server")},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    ca.pool(),
	}})
	client := func(certs ...tls.Certificate) *admin.Client {
		return admin.NewClient(admin.Remote{URL: "https://" + l.Addr().String(), TLS: &tls.Config{RootCAs: ca.pool(), Certificates: certs}})
	}
	if _, err := client().Status(bounded(t)); err == nil {
		t.Error("a client without a certificate came in")
	}
	if _, err := client(other.issue(t, "alice")).Status(bounded(t)); err == nil {
		t.Error("a client with a certificate of another authority came in")
	}
	for _, c := range []struct{ name, actor, want string }{
		{"alice", "", "certificate alice"},
		{"alice@example.com", "bob", "certificate alice@example.com for bob"},
		{"uid 0 (root) for alice", "", `certificate "uid 0 (root) for alice"`},
		{"", "", "certificate with serial number 1"},
	} {
		if _, err := client(ca.issue(t, c.name)).Restart(bounded(t), admin.Order{Actor: c.actor}); err != nil {
			t.Fatalf("%q: %v", c.name, err)
		}
		orders := s.master.Orders()
		if got := orders[len(orders)-1].Order.Actor; got != c.want {
			t.Errorf("certificate of %q, actor %q: got %q, want %q", c.name, c.actor, got, c.want)
		}
	}
}

// With TLS a token is still asked for, and a laxer configuration for one host
// opens nothing.
func TestLaxTLS(t *testing.T) {
	ca := newAuthority(t)
	s := newService(admin.Bounds{})
	l := listen(t, "tcp", "127.0.0.1:0")
	strict := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, "server")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool()}
	lax := strict.Clone()
	lax.ClientAuth = tls.NoClientCert
	strict.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return lax, nil }
	s.serve(t, l, admin.Access{TLS: strict})
	c := admin.NewClient(admin.Remote{URL: "https://" + l.Addr().String(), TLS: &tls.Config{RootCAs: ca.pool()}})
	if _, err := c.Status(bounded(t)); statusOf(err) != http.StatusForbidden {
		t.Errorf("got %v, want 403", err)
	}
}
