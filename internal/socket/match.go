package socket

// Match finds, for each address, the bound socket that it names, and returns its
// index in have, or -1. No socket is given to two addresses. Spellings do not
// matter; of those whose port the kernel chooses, the first takes the first.
func Match(addrs []Address, have []*Socket) []int {
	keys := make([]string, len(have))
	for i, s := range have {
		keys[i] = s.key()
	}
	taken := make([]bool, len(have))
	match := make([]int, len(addrs))
	for n, a := range addrs {
		match[n] = -1
		want := matchKey(a)
		for i := range have {
			if !taken[i] && keys[i] == want {
				taken[i], match[n] = true, i
				break
			}
		}
	}
	return match
}

// key is that of the address that the socket was bound for.
func (s *Socket) key() string {
	a, err := Parse(s.record.Spec)
	if err != nil {
		return s.record.Spec // of an earlier or later version of this library: only the same words match
	}
	return matchKey(a)
}

// matchKey is [Address.key], and for a port that the kernel chooses, or a socket
// of a service manager, what was asked for.
func matchKey(a Address) string {
	if key := a.key(); key != "" {
		return key
	}
	return "any " + a.Network + " " + a.Host + a.Name
}
