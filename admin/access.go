package admin

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
)

// An Access is who may come in by one listener. All that is asked for has to be
// met; at least one of Peer, Token and client certificates has to be asked for.
type Access struct {
	// Peer, of a unix socket: root and the master's own user come in, as the
	// kernel tells it of the one who connected. Linux, macOS and FreeBSD.
	Peer bool

	// Token is a bearer token; empty: none is asked for. Without TLS it is for
	// loopback and unix sockets only.
	Token string

	// TLS is how the listener speaks TLS; nil: it does not. With ClientAuth
	// RequireAndVerifyClientCert, and the authorities in ClientCAs, whoever has
	// a certificate of those comes in.
	TLS *tls.Config

	// Hosts are host names, without a port, by which a TCP listener may be
	// reached. Addresses are always right, and on loopback so is localhost.
	// Without it a page elsewhere could have its own name point here.
	Hosts []string
}

// mutual says whether clients show certificates.
func (a Access) mutual() bool {
	return a.TLS != nil && a.TLS.ClientAuth == tls.RequireAndVerifyClientCert
}

// check refuses what would be open to others, at the address of its listener.
func (a Access) check(addr net.Addr) error {
	unix := addr.Network() == "unix"
	switch {
	case a.Peer && !unix:
		return fmt.Errorf("admin: who connects can be known on a unix socket only, and %s is none: ask for a token or for client certificates", addr)
	case a.Peer && !peersAreKnown:
		return errors.New("admin: this system does not tell who connects to a unix socket: ask for a token")
	case !a.Peer && a.Token == "" && !a.mutual():
		return fmt.Errorf("admin: %s would be open to all: ask for the peer's user (on a unix socket), a token, or client certificates", addr)
	case a.mutual() && a.TLS.ClientCAs == nil:
		return errors.New("admin: client certificates are asked for and no authority is named, so anybody's would do: set ClientCAs")
	case a.TLS != nil && len(a.TLS.Certificates) == 0 && a.TLS.GetCertificate == nil && a.TLS.GetConfigForClient == nil:
		return errors.New("admin: TLS is asked for and there is no certificate: set Certificates")
	case a.Token != "" && a.TLS == nil && !unix && !isLoopback(addr):
		return fmt.Errorf("admin: a token would be readable on its way to %s: use TLS, or listen on 127.0.0.1", addr)
	}
	for _, r := range a.Token {
		if r <= ' ' || r > '~' {
			return errors.New("admin: the token has a character that cannot be sent in a header: use letters and digits")
		}
	}
	for _, host := range a.Hosts {
		if host == "" || strings.ContainsAny(host, ":/@ *") {
			return fmt.Errorf("admin: %q is no host name: give the name alone, without scheme and port", host)
		}
	}
	return nil
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
