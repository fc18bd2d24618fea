package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
)

// Kind says how a socket is used.
type Kind int

const (
	Stream Kind = iota // accepts connections: tcp, unix
	Packet             // reads and writes datagrams: udp
)

// String returns "stream" or "packet".
func (k Kind) String() string {
	if k == Packet {
		return "packet"
	}
	return "stream"
}

// An Address is one parsed entry of Config.Addresses. [Parse] makes it; the
// zero Address cannot be bound.
type Address struct {
	Spec    string      // as the user wrote it
	Field   string      // where it was written, such as Addresses[3]; for errors only, may be empty
	Network string      // tcp, tcp4, tcp6, udp, udp4, udp6, unix or systemd
	Host    string      // tcp and udp: an IP address, a name, or empty for all
	Port    string      // tcp and udp: a number or the name of a service
	Path    string      // unix: an absolute path, or @ and an abstract name
	Mode    fs.FileMode // unix: the mode asked for, 0 where the umask decides
	Name    string      // systemd: the name of the inherited socket
}

// schemes are the words that may stand before "://", in the order in which an
// error lists them.
var schemes = []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix"}

// Parse reads one address form; the package comment lists them. It looks
// nothing up: names of hosts and services are resolved when they are bound.
// The error names the form and says what is wrong with it.
func Parse(spec string) (Address, error) {
	a, err := parse(spec)
	if err != nil {
		return Address{}, fmt.Errorf("address %.200q: %w", spec, err)
	}
	a.Spec = spec
	return a, nil
}

func parse(spec string) (Address, error) {
	if spec == "" {
		return Address{}, errors.New(`it is empty: write ":3000", or ":0" for any free port`)
	}
	scheme, rest, ok := strings.Cut(spec, "://")
	switch {
	case !ok && spec[0] == '/':
		return Address{}, fmt.Errorf("a path needs its scheme: write %q", "unix://"+spec)
	case !ok && strings.HasPrefix(spec, byName+":"):
		return parseName(strings.TrimPrefix(spec, byName+":"))
	case !ok && strings.HasPrefix(spec, "unix:"):
		return Address{}, errors.New(`a unix socket is written "unix:///path"`)
	case !ok:
		return parseHostPort("tcp", spec)
	case scheme == "unix":
		return parseUnix(rest)
	case scheme == byName:
		return parseName("//" + rest)
	}
	for _, known := range schemes {
		if scheme == known {
			return parseHostPort(scheme, rest)
		}
	}
	return Address{}, fmt.Errorf("unknown scheme %q: known are %s", scheme, strings.Join(schemes, ", "))
}

// parseName reads what stands after systemd: as sd_notify(3) and
// systemd.socket(5) have it, FDNAME= and FileDescriptorName=.
func parseName(name string) (Address, error) {
	switch {
	case name == "":
		return Address{}, errors.New(`missing name: write "systemd:web", as in FileDescriptorName= of the .socket unit`)
	case strings.HasPrefix(name, "//"):
		return Address{}, errors.New(`the name of an inherited socket is written "systemd:web", without slashes`)
	case len(name) > storeNameMax, strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f || r == ':' }):
		return Address{}, fmt.Errorf("name %.40q: the name of an inherited socket has up to %d printable ASCII characters, and no colon", name, storeNameMax)
	}
	return Address{Network: byName, Name: name}, nil
}

// String returns the address as the user wrote it.
func (a Address) String() string { return a.Spec }

// Kind tells what binding the address gives. What an address of the network
// systemd gives is known when the socket is there: see [Socket.Kind].
func (a Address) Kind() Kind {
	if strings.HasPrefix(a.Network, "udp") {
		return Packet
	}
	return Stream
}

// Resolved returns the text for State.Address: the address as the user wrote
// it, and where that asks for port 0, the address that was given instead. A
// plain form stays plain, so that net.Dial takes it; a form with a scheme keeps
// its scheme. That of an inherited socket is what it is bound to.
func (a Address) Resolved(actual net.Addr) string {
	if a.Network == byName {
		return localOf(actual).String()
	}
	if a.Network == "unix" || !a.anyPort() {
		return a.Spec
	}
	if strings.Contains(a.Spec, "://") {
		return a.Network + "://" + actual.String()
	}
	return actual.String()
}

// anyPort reports whether the kernel is to choose the port.
func (a Address) anyPort() bool {
	n, err := strconv.ParseUint(a.Port, 10, 16)
	return err == nil && n == 0
}

// target is the address as package net takes it.
func (a Address) target() string {
	if a.Network == "unix" {
		return a.Path
	}
	return net.JoinHostPort(a.Host, a.Port)
}

// family is the network without its version: what a worker has to know.
func (a Address) family() string { return strings.TrimRight(a.Network, "46") }

// where names the address in an error.
func (a Address) where() string {
	if a.Field == "" {
		return strconv.Quote(a.Spec)
	}
	return a.Field + " " + strconv.Quote(a.Spec)
}
