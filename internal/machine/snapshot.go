package machine

// A Snapshot is what the machine holds at one moment.
type Snapshot struct {
	Generations []Generation
	Live        Gen    // 0: none
	Sockets     []int  // what a generation is given that does not ask for others
	Starts      int    // generations started so far
	Waiting     Digest // staged and not tried yet
	Pending     bool   // a restart was asked for and has not begun
	Stopping    bool
}

// Generation is one generation of a [Snapshot].
type Generation struct {
	Num     Gen
	Phase   Phase
	Digest  Digest
	OnTrial bool
}

// Snapshot copies what the machine holds.
func (m *Machine) Snapshot() Snapshot {
	s := Snapshot{
		Sockets:  m.sockets,
		Starts:   int(m.last),
		Waiting:  m.waiting,
		Pending:  m.pending || m.next != nil,
		Stopping: m.stopping != nil,
	}
	if live := m.live(); live != nil {
		s.Live = live.num
	}
	for _, g := range m.gens {
		s.Generations = append(s.Generations, Generation{Num: g.num, Phase: g.phase, Digest: g.digest, OnTrial: g.onTrial})
	}
	return s
}
