package probe

import (
	"net"
	"net/netip"
	"strings"
)

// hostOf makes a Host header from a listener's address in any of the forms
// that Config.Addresses takes. "localhost" stands where an address names no
// host that a client could ask for: none, a wildcard, a unix socket.
func hostOf(address string) string {
	if scheme, rest, ok := strings.Cut(address, "://"); ok {
		if strings.HasPrefix(scheme, "unix") {
			return "localhost"
		}
		address = rest
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "localhost"
	}
	// A zone is meaningful on this machine only, and not allowed in a header.
	host, _, _ = strings.Cut(host, "%")
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// nameOf is the part of a Host header that TLS asks for.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}
