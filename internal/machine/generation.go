package machine

// A Gen is the number of a generation. The first is 1; 0 is none.
type Gen int

// A Digest names a binary: the SHA-256 of its bytes, in hexadecimal. Empty
// means "the installed one, whatever it is" or "not known".
type Digest string

// A Phase is how far a generation has come; see the drawing in the package
// comment. A generation that is gone is no longer held.
type Phase string

// The phases, in the order of a life.
const (
	Starting Phase = "starting" // its process was asked for; the program is not ready
	Ready    Phase = "ready"    // the program is ready; its probe has not passed
	Probed   Phase = "probed"   // told to accept; it has not confirmed
	Live     Phase = "live"     // the one that accepts
	Standby  Phase = "standby"  // paused, may be put back at once
	Draining Phase = "draining" // told to end
)

// generation is what the machine remembers of one run of the program.
type generation struct {
	num       Gen
	phase     Phase
	digest    Digest // known once it runs
	candidate Digest // what it was started from; empty: the installed binary
	reverts   Digest // the release that is refused once this one has passed its trial
	why       string // who asked for that
	opened    bool   // it was told to accept at some time, so it may have connections
	running   bool   // it has a process
	greeted   bool   // it speaks our protocol
	killed    bool   // its time to end has passed
	slow      bool   // it is not ready in time and left alone for want of a better one
	onTrial   bool   // it is another binary than the one before and serves probation
	served    bool   // its probation has passed; only a failing check holds the commit up
	resumed   bool   // it stood by and is being put back
	judged    bool   // its probe ran out of time; the live one's probe decides whose fault it is
	probing   bool   // a probe of it is under way
	passed    bool   // a probe has passed while it was on trial
	failures  int    // probes failed in a row
	lastProbe string // why the last one failed
	sockets   sockets
}

func newGeneration(num Gen, candidate Digest, set []int) *generation {
	return &generation{
		num:       num,
		phase:     Starting,
		candidate: candidate,
		sockets:   newSockets(set),
	}
}
