package machine

// Heir says which generation takes over what another one, that drains, hands on:
// the live one, or 0 where one is still to come. Reason says why there is none.
func (m *Machine) Heir(of Gen) (heir Gen, reason string) {
	live := m.live()
	switch {
	case m.stopping != nil || m.done:
		return 0, "the service ends"
	case live != nil && live.num == of:
		return 0, "it is the live one itself"
	case live != nil:
		return live.num, ""
	case m.incoming != 0 || m.next != nil || m.pending || m.respawning:
		return 0, ""
	}
	return 0, "there is no other generation, and none to come"
}
