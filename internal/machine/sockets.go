package machine

import "slices"

// sockets are those of one generation, by number. A number belongs to one
// socket of the master for its whole life: a later generation may be given
// others, as its configuration may name others.
type sockets []heldSocket

type heldSocket struct {
	num     int
	accepts bool // the program has called Accept on it
	paused  bool // the program was told to pause it
}

func newSockets(set []int) sockets {
	s := make(sockets, len(set))
	for i, n := range set {
		s[i].num = n
	}
	return s
}

func (s sockets) numbers() []int {
	ns := make([]int, len(s))
	for i := range s {
		ns[i] = s[i].num
	}
	return ns
}

// get returns the socket of a number, or nil.
func (s sockets) get(num int) *heldSocket {
	if num >= 0 && num < len(s) && s[num].num == num {
		return &s[num] // where none was ever retired
	}
	for i := range s {
		if s[i].num == num {
			return &s[i]
		}
	}
	return nil
}

// acceptsAll reports whether the program accepts on each of its sockets.
func (s sockets) acceptsAll() bool {
	return !slices.ContainsFunc(s, func(h heldSocket) bool { return !h.accepts })
}

// acceptsAny reports whether the program accepts on one of its sockets.
func (s sockets) acceptsAny() bool {
	return slices.ContainsFunc(s, func(h heldSocket) bool { return h.accepts })
}

// covers reports whether the program can do without another generation on a
// socket: it accepts there, or does not know the socket any more.
func (s sockets) covers(num int) bool {
	h := s.get(num)
	return h == nil || h.accepts
}

// uncovered reports whether the generation still holds a socket on which the
// other one has yet to accept.
func (s sockets) uncovered(by sockets) bool {
	return slices.ContainsFunc(s, func(h heldSocket) bool { return h.accepts && !by.covers(h.num) })
}

// pause marks what the other one accepts on as paused and returns what was not
// yet.
func (s sockets) pause(by sockets) []int {
	var nums []int
	for i := range s {
		if h, o := &s[i], by.get(s[i].num); h.accepts && !h.paused && o != nil && o.accepts {
			h.paused = true
			nums = append(nums, h.num)
		}
	}
	return nums
}

func (s sockets) resume() {
	for i := range s {
		s[i].paused = false
	}
}

// wanted are the sockets that a generation, now or to come, goes on with:
// those of what is proven, and of each generation that is not on its way out.
func (m *Machine) wanted() []int {
	set := slices.Clone(m.sockets)
	for _, g := range m.gens {
		if g.phase != Draining {
			set = append(set, g.sockets.numbers()...)
		}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// ending are the sockets of a generation that nobody goes on with once it has
// ended.
func (m *Machine) ending(g *generation) []int {
	return missing(g.sockets.numbers(), m.wanted())
}

// missing returns what is not in a sorted set.
func missing(nums, set []int) (out []int) {
	for _, n := range nums {
		if _, found := slices.BinarySearch(set, n); !found {
			out = append(out, n)
		}
	}
	return out
}

// retire gives up what nobody goes on with.
func (m *Machine) retire() {
	if m.stopping != nil {
		return // CloseSockets closes all
	}
	wanted := m.wanted()
	gone := missing(m.bound, wanted)
	m.bound = wanted
	if gone != nil {
		m.emit(Retire{Sockets: gone})
	}
}
