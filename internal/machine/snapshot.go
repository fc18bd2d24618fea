package machine

// A Snapshot is what the machine holds at one moment.
type Snapshot struct {
	Generations []Generation
	Live        Gen    // 0: none
	Sockets     []int  // what a generation is given that does not ask for others
	Starts      int    // generations started so far
	Waiting     Digest // staged and not tried yet
	Why         string // what it waits for
	Incoming    Gen    // the one that is to take over; 0: none
	Installing  Digest // what is being installed
	Proven      Digest // what ran live last, its probation passed
	Crashes     int    // ends of the program in a row
	Held        bool   // no candidate is tried unasked
	Pending     bool   // a restart was asked for and has not begun
	Stopping    bool
}

// Generation is one generation of a [Snapshot].
type Generation struct {
	Num     Gen
	Phase   Phase
	Digest  Digest
	OnTrial bool
	Resumed bool // it stood by and is being put back
	Reverts bool // it is the binary that was installed before
}

// Generation returns one of them; nil where there is none of that number.
func (s Snapshot) Generation(num Gen) *Generation {
	for i := range s.Generations {
		if s.Generations[i].Num == num {
			return &s.Generations[i]
		}
	}
	return nil
}

// Snapshot copies what the machine holds.
func (m *Machine) Snapshot() Snapshot {
	s := Snapshot{
		Sockets:    m.sockets,
		Starts:     int(m.last),
		Waiting:    m.waiting,
		Why:        m.waitsFor(),
		Incoming:   m.incoming,
		Installing: m.installing,
		Proven:     m.proven,
		Crashes:    m.crashes,
		Held:       m.held,
		Pending:    m.pending || m.next != nil,
		Stopping:   m.stopping != nil,
	}
	if live := m.live(); live != nil {
		s.Live = live.num
	}
	for _, g := range m.gens {
		s.Generations = append(s.Generations, Generation{Num: g.num, Phase: g.phase, Digest: g.digest, OnTrial: g.onTrial, Resumed: g.resumed, Reverts: g.reverts != ""})
	}
	return s
}

// GaveUp reports whether a release was refused for good.
func (m *Machine) GaveUp(d Digest) bool { return m.refused[d] }

// waitsFor says in words what the waiting candidate waits for.
func (m *Machine) waitsFor() string {
	switch {
	case m.waiting == "":
		return ""
	case m.held:
		return heldReason
	case m.hold == asked:
		return "the answer of the program's hook"
	case m.hold == deferred:
		return "the program's hook, which put it off"
	case m.hold == retrying:
		return "another try: it failed through no fault of its own"
	case m.hold == manual:
		return "a restart that is asked for"
	}
	return "the end of what is under way"
}
