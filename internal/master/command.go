//go:build unix

package master

import "time"

// A Command is a program of any language. All of it is checked already;
// overseer.Command has the words for users.
type Command struct {
	Args    []string // Args[0] as the program sees it
	Program string   // the path of what is executed
	Release []int    // where in Args the release stands; index 0 stands for Program. Of trees it may stand nowhere
	Env     []string // instead of what the environment has by these names
	Dir     string
	Trees   bool     // releases are trees of Config.Store, and the program runs in its own
	Names   []string // of the sockets, for LISTEN_FDNAMES

	NonBlocking   bool // how the sockets are handed to the first generation
	CaptureStderr bool
	PrivateProbe  bool // one more socket, the last, for probes only

	Ready      ReadyBy
	ReadyAfter time.Duration

	Drain   int // signals; 0 for the last two: none
	Standby int
	Resume  int

	Check     []string // arguments with which a candidate must exit with code 0; nil: none
	Rehearsal bool     // a candidate serves on sockets of its own first
}

// ReadyBy says what makes a generation of a Command ready.
type ReadyBy int

// The ways.
const (
	ReadyByTime   ReadyBy = iota // it runs for ReadyAfter
	ReadyByProbe                 // Config.Probe passes
	ReadyByNotify                // READY=1 at its NOTIFY_SOCKET
)
