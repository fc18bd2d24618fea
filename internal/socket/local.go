package socket

import (
	"context"
	"net"
	"net/netip"
	"path"
	"strings"
)

// byName is the network of an address that names an inherited socket.
const byName = "systemd"

// A local is what an inherited socket is bound to.
type local struct {
	network string         // tcp, udp or unix
	addr    netip.AddrPort // tcp, udp
	path    string         // unix: an absolute path, or @ and an abstract name
}

// String returns it as an entry of Config.Addresses.
func (l local) String() string {
	switch l.network {
	case "unix":
		return "unix://" + l.path
	case "tcp":
		return l.addr.String()
	}
	return l.network + "://" + l.addr.String()
}

// netAddr returns it as package net has it.
func (l local) netAddr() net.Addr {
	switch l.network {
	case "unix":
		return &net.UnixAddr{Net: "unix", Name: l.path}
	case "udp":
		return net.UDPAddrFromAddrPort(l.addr)
	}
	return net.TCPAddrFromAddrPort(l.addr)
}

// localOf is the way back from netAddr.
func localOf(a net.Addr) local {
	switch a := a.(type) {
	case *net.UnixAddr:
		return local{network: "unix", path: a.Name}
	case *net.UDPAddr:
		return local{network: "udp", addr: a.AddrPort()}
	case *net.TCPAddr:
		return local{network: "tcp", addr: a.AddrPort()}
	}
	return local{}
}

// wanted is what an address asks for, with its names looked up.
type wanted struct {
	address Address
	port    uint16
	hosts   []netip.Addr // empty: all
}

// want looks up the names in an address. What cannot be looked up is met by no
// socket; binding says why.
func (a Address) want(ctx context.Context) wanted {
	w := wanted{address: a}
	if a.Network == "unix" {
		return w
	}
	ctx, cancel := context.WithTimeout(ctx, attemptWait)
	defer cancel()
	port, err := net.DefaultResolver.LookupPort(ctx, a.Network, a.Port)
	if err != nil || port == 0 {
		return wanted{}
	}
	w.port = uint16(port)
	switch ip, err := netip.ParseAddr(a.Host); {
	case a.Host == "":
	case err == nil:
		w.hosts = []netip.Addr{ip.Unmap()}
	default:
		found, err := net.DefaultResolver.LookupNetIP(ctx, "ip"+strings.TrimLeft(a.Network, "tcpud"), a.Host)
		if err != nil {
			return wanted{}
		}
		for _, ip := range found {
			w.hosts = append(w.hosts, ip.Unmap())
		}
	}
	return w
}

// rank tells how well a socket serves the address: 0 is not at all.
//
// All addresses of the host, with no family chosen, are best served by [::],
// which has both families unless somebody has set IPV6_V6ONLY, and then by
// 0.0.0.0. Where an address of one family is asked for, the socket must be of
// that family: [::] would let in more than was asked for.
func (w wanted) rank(l local) int {
	a := w.address
	if a.Network == "" || l.network != a.family() {
		return 0
	}
	if a.Network == "unix" {
		if a.isAbstract() && a.Path == l.path || !a.isAbstract() && a.cleanPath() == path.Clean(l.path) {
			return 1
		}
		return 0
	}
	ip := l.addr.Addr().Unmap()
	four := strings.HasSuffix(a.Network, "4")
	six := strings.HasSuffix(a.Network, "6")
	switch {
	case l.addr.Port() != w.port, four && !ip.Is4(), six && ip.Is4():
		return 0
	case len(w.hosts) == 0 && ip.IsUnspecified() && ip.Is6():
		return 2
	case len(w.hosts) == 0 && ip.IsUnspecified():
		return 1
	}
	for _, host := range w.hosts {
		if host == ip {
			return 1
		}
	}
	return 0
}
