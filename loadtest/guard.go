package loadtest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// ErrRemote is wrapped by the error of [Start] for an address that is not on
// this machine while Config.AllowRemote is not set.
var ErrRemote = errors.New("the address is not a loopback one: set AllowRemote if its owner wants the load")

// guard returns the address to dial. Names are not looked up, as an answer
// could lead anywhere, and a name with two addresses would make the dialer
// try both, which is a retry; "localhost" is the loopback address of IPv4, or
// of IPv6 on "tcp6".
func (c *Config) guard() (string, error) {
	switch c.Network {
	case "unix":
		if c.Address == "" {
			return "", errors.New("it is empty: give the path of the socket")
		}
		return c.Address, nil
	case "tcp", "tcp4", "tcp6":
	default:
		return "", fmt.Errorf("the network %q is not known: use tcp, tcp4, tcp6 or unix", c.Network)
	}
	host, port, err := net.SplitHostPort(c.Address)
	if err != nil {
		return "", err
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "", strings.EqualFold(host, "localhost"), err == nil && ip.IsUnspecified():
		if c.Network == "tcp6" || ip.Is6() {
			return net.JoinHostPort("::1", port), nil
		}
		return net.JoinHostPort("127.0.0.1", port), nil
	case err == nil && ip.Unmap().IsLoopback(), c.AllowRemote:
		return c.Address, nil
	default:
		return "", ErrRemote
	}
}
