package socket

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3d078585/overseer/internal/systemd"
)

// Inherited are the sockets that a service manager has left to this process:
// those of .socket units, and those that an earlier run has stored with it. An
// entry of Config.Addresses claims one of them in place of binding a socket of
// its own. The zero Inherited has none. It is for one goroutine at a time.
type Inherited struct {
	all   []*inherited
	asked map[string]int // see next
}

// inherited is one of them.
type inherited struct {
	systemd.Socket
	stored  storeName // where an earlier run has stored it
	local   local     // what it is bound to
	err     error     // why it is of no use to us
	claimed bool
	renamed bool // claimed, and to be stored under another name
}

// Inherit takes over what systemd.Take has found. The descriptors stay open
// until an address claims them, or Close is called.
func Inherit(sockets []systemd.Socket) *Inherited {
	in := &Inherited{}
	for _, s := range sockets {
		i := &inherited{Socket: s}
		i.stored, _ = parseStoreName(s.Name)
		i.local, i.err = look(s.FD)
		if i.stored.node != (Node{}) {
			i.stored.node.Path = i.local.path
		}
		if i.err == nil && i.stored.node.Path != "" && i.stored.node.gone() {
			i.err = errors.New("its path is gone, or is another socket's by now")
		}
		in.all = append(in.all, i)
	}
	return in
}

// claim returns the socket for an address, or nil where none is there. nth
// counts the entries of the same text, from 1.
func (in *Inherited) claim(ctx context.Context, a Address, nth int) (*Socket, error) {
	var found *inherited
	switch {
	case a.Network == byName:
		if found = in.named(a.Name); found == nil {
			return nil, in.missing(a)
		}
		if found.err != nil {
			return nil, found.err
		}
	case in == nil:
		return nil, nil
	default:
		if found = in.storedAs(a, nth); found == nil {
			found = in.boundTo(ctx, a)
		}
		if found == nil {
			return nil, nil
		}
	}
	s, err := Adopt(uintptr(found.FD), found.record(a, nth))
	if err != nil {
		return nil, err
	}
	if err := setModeOf(s.record.Node, a.Mode); err != nil {
		return nil, err
	}
	found.claimed = true
	found.renamed = found.stored.is() && s.record.StoreName != found.Name
	return s, nil
}

// record describes the socket as that of an address. What a .socket unit holds
// is not stored: it comes back by itself.
func (i *inherited) record(a Address, nth int) Record {
	r := Record{Spec: a.Spec, Network: i.local.network, Address: a.Resolved(i.local.netAddr()), Node: i.stored.node}
	if i.stored.is() {
		r.StoreName = newStoreName(a.Spec, nth, r.Node)
	}
	return r
}

// next returns which entry of its text an address is, for a caller that claims
// one after the other.
func (in *Inherited) next(a Address) int {
	if in == nil {
		return 1
	}
	if in.asked == nil {
		in.asked = map[string]int{}
	}
	in.asked[a.Spec]++
	return in.asked[a.Spec]
}

// named returns the first socket of a .socket unit with a name.
func (in *Inherited) named(name string) *inherited {
	if in == nil {
		return nil
	}
	for _, i := range in.all {
		if !i.claimed && !i.stored.is() && i.Name == name {
			return i
		}
	}
	return nil
}

// storedAs returns what an earlier run has stored for the very same entry.
func (in *Inherited) storedAs(a Address, nth int) *inherited {
	for _, i := range in.all {
		if !i.claimed && i.err == nil && i.stored.of(a.Spec, nth) {
			return i
		}
	}
	return nil
}

// boundTo returns the socket that serves an address best, whatever its name.
func (in *Inherited) boundTo(ctx context.Context, a Address) *inherited {
	var best *inherited
	rank := 0
	want, resolved := wanted{}, false
	for _, i := range in.all {
		if i.claimed || i.err != nil || i.local.network != a.family() {
			continue
		}
		if !resolved {
			want, resolved = a.want(ctx), true
		}
		if r := want.rank(i.local); r > rank {
			best, rank = i, r
		}
	}
	return best
}

// release gives back what was claimed: the descriptor stays open, for another
// claim.
func (in *Inherited) release(s *Socket) bool {
	if in == nil {
		return false
	}
	for _, i := range in.all {
		if i.claimed && i.FD == s.fd {
			i.claimed, i.renamed, s.fd = false, false, -1
			return true
		}
	}
	return false
}

// holds reports whether a socket was inherited.
func (in *Inherited) holds(s *Socket) bool {
	return in != nil && slices.ContainsFunc(in.all, func(i *inherited) bool { return i.claimed && i.FD == s.fd })
}

// String names the socket for people.
func (i *inherited) String() string {
	if i.local.network == "" {
		return fmt.Sprintf("%q", i.Name)
	}
	return fmt.Sprintf("%q (%s)", i.Name, i.local)
}
