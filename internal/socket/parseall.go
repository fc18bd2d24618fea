package socket

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// ParseAll reads every entry of Config.Addresses. The error names the entry, as
// in Addresses[3]. Two entries that name one socket are refused; port 0 may be
// asked for any number of times, and so may the name of inherited sockets: each
// entry takes the next one of that name.
func ParseAll(specs []string) ([]Address, error) {
	addrs := make([]Address, 0, len(specs))
	first := make(map[string]int, len(specs))
	for i, spec := range specs {
		a, err := Parse(spec)
		if err != nil {
			return nil, fmt.Errorf("read Addresses[%d]: %w", i, err)
		}
		a.Field = fmt.Sprintf("Addresses[%d]", i)
		if key := a.key(); key != "" {
			if j, dup := first[key]; dup {
				return nil, fmt.Errorf("read Addresses[%d]: address %q is the same as Addresses[%d] %q: remove one", i, spec, j, specs[j])
			}
			first[key] = i
		}
		addrs = append(addrs, a)
	}
	return addrs, nil
}

// key is equal for two spellings of one socket, and empty where the kernel
// chooses the port, so that no two can be the same.
func (a Address) key() string {
	if a.Network == "unix" {
		return "unix " + a.cleanPath()
	}
	if a.Network == byName || a.anyPort() {
		return ""
	}
	port := strings.ToLower(a.Port)
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		port = strconv.FormatUint(n, 10)
	}
	// An unspecified IP is left to its network: tcp and tcp4 bind different
	// sockets for it.
	if ip, err := netip.ParseAddr(a.Host); err == nil && !ip.IsUnspecified() {
		return a.family() + " " + ip.Unmap().String() + " " + port
	}
	return a.Network + " " + strings.ToLower(a.Host) + " " + port
}
