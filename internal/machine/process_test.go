package machine

// A process is the worker's side of a generation in the [world]: what it has
// done, and what it has been told and not yet heard. Sockets are bits.
type process struct {
	gen       Gen
	candidate Digest // what Spawn named
	digest    Digest // the bytes it runs

	running bool // Spawned was reported
	greeted bool
	sockets byte   // those that it was given
	accepts byte   // sockets on which the program has called Accept
	inbox   string // commands it has not heard yet, in order
	open    bool   // it accepts from the public sockets but for those paused
	paused  byte
	unsaid  bool // it has opened and not confirmed
	probes  int  // questions in flight
	ending  bool // it has heard that it should end, or ends by itself

	hung bool // it does nothing any more; Kill ends it
	lost bool // its conversation has ended
	dead bool // it has ended and the machine has not been told
	code int

	// What the machine has said to it and heard from it.
	told      bool // to end
	killed    bool
	confirmed bool // Opened arrived after the last Open
	proved    bool // its probation has passed
	uncovered bool // the bound on its cover has passed
	failed    bool // it was rolled back
}

// The commands in an inbox. A pause is followed by the sockets.
const (
	cmdOpen  = 'o'
	cmdDrain = 'd'
	cmdPause = 'p'
)

// tell puts a command in the inbox, unless nobody will read it.
func (p *process) tell(cmd string) {
	if !p.dead && !p.lost {
		p.inbox += cmd
	}
}

// hear carries out the next command.
func (p *process) hear() {
	cmd := p.inbox[0]
	p.inbox = p.inbox[1:]
	switch cmd {
	case cmdOpen:
		p.open, p.paused, p.unsaid = true, 0, true
	case cmdPause:
		p.paused |= p.inbox[0]
		p.inbox = p.inbox[1:]
	case cmdDrain:
		p.ending = true
	}
}

// die ends the process; what it had to say is lost with it.
func (p *process) die(code int) {
	p.dead, p.code, p.inbox, p.unsaid = true, code, "", false
}

// able reports whether the process can act.
func (p *process) able() bool { return p.running && !p.dead && !p.hung }

// serves reports whether the process accepts on the sockets, or will once it
// has heard what is on its way, as far as the machine can know: one that has
// ended or hung behind the machine's back counts. So does one that has lost its
// conversation: its end, which mostly follows at once, is waited for, and
// LostTimeout bounds that wait.
func (p *process) serves(socket byte) bool {
	if p.accepts&socket == 0 || p.told {
		return false
	}
	open, paused := p.open, p.paused
	for i := 0; i < len(p.inbox); i++ {
		switch p.inbox[i] {
		case cmdOpen:
			open, paused = true, 0
		case cmdPause:
			i++
			paused |= p.inbox[i]
		}
	}
	return open && paused&socket == 0
}

// couldServe reports whether the process is well, has served, and was not told
// to end: with one such process the socket must be accepted on.
func (p *process) couldServe(socket byte) bool {
	return p.able() && p.open && !p.lost && !p.told && !p.ending && p.accepts&socket != 0
}

func (k *key) process(p *process) {
	k.gen(p.gen)
	k.text(string(p.candidate))
	k.text(string(p.digest))
	k.bools(p.running, p.greeted, p.open, p.unsaid, p.ending, p.hung, p.lost, p.dead,
		p.told, p.killed, p.confirmed, p.proved, p.uncovered, p.failed, p.code != 0)
	k.buf = append(k.buf, p.sockets, p.accepts, p.paused, byte(p.probes))
	k.text(p.inbox)
}
