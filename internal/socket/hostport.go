package socket

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// parseHostPort reads what stands after tcp:// or udp://.
func parseHostPort(network, s string) (Address, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return Address{}, splitError(s, err)
	}
	if err := checkPort(port); err != nil {
		return Address{}, err
	}
	if err := checkHost(network, host); err != nil {
		return Address{}, err
	}
	return Address{Network: network, Host: host, Port: port}, nil
}

var errMissingPort = errors.New(`missing port: write "HOST:PORT", ":PORT", or ":0" for any free port`)

// splitError puts what net.SplitHostPort found into words with a next step.
func splitError(s string, err error) error {
	var addrErr *net.AddrError
	switch {
	case !errors.As(err, &addrErr):
		return err
	case strings.HasPrefix(addrErr.Err, "missing port"):
		return errMissingPort
	case strings.HasPrefix(addrErr.Err, "too many colons") && !strings.HasPrefix(s, "["):
		return errors.New(`too many colons: an IPv6 address stands in brackets, as in "[::1]:80"`)
	}
	return errors.New(addrErr.Err)
}

// checkPort accepts a number or what may be the name of a service (RFC 6335:
// letters, digits and hyphens).
func checkPort(port string) error {
	if port == "" {
		return errMissingPort
	}
	if only(port, digits) {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("port %q is not between 0 and 65535", port)
		}
		return nil
	}
	if len(port) > 63 || !only(port, letters+digits+"-") || !strings.ContainsAny(port, letters) {
		return fmt.Errorf("port %q is neither a number nor the name of a service", port)
	}
	return nil
}

// checkHost accepts nothing, an IP address of the network's family, or what
// may be a name.
func checkHost(network, host string) error {
	if host == "" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return checkFamily(network, ip)
	}
	switch last := host[strings.LastIndexByte(host, '.')+1:]; {
	case host == "*":
		return errors.New(`host "*": leave the host empty to listen on every address`)
	case len(host) > 253 || !only(host, letters+digits+"-._"):
		return fmt.Errorf("host %q is neither an IP address nor a name", host)
	case last != "" && only(last, digits):
		return fmt.Errorf("host %q is not an IP address", host)
	}
	return nil
}

func checkFamily(network string, ip netip.Addr) error {
	is4 := ip.Is4() || ip.Is4In6()
	switch {
	case strings.HasSuffix(network, "4") && !is4:
		return fmt.Errorf("%s needs an IPv4 address, and %q is none", network, ip)
	case strings.HasSuffix(network, "6") && is4:
		return fmt.Errorf("%s needs an IPv6 address, and %q is none", network, ip)
	}
	return nil
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// only reports whether s has no character outside set.
func only(s, set string) bool { return strings.Trim(s, set) == "" }
