package machine

import "time"

// Settings are the constants of one machine. The zero value of each duration
// means what it says: no time at all.
type Settings struct {
	Sockets             int  // how many sockets the program listens on; their numbers are 0 and up
	Probe               bool // generations are probed
	Sequential          bool // the old generation ends before the new one starts
	NoRestart           bool // a restart is a stop, a candidate is installed untried
	NoRestartAfterFetch bool // a candidate waits for a restart asked by hand
	AskFirst            bool // a hook is asked before an automatic restart
	Succession          bool // the master runs the program's binary, so it is replaced with it
	KeepAlive           KeepAlive
	Foreign             bool // the program knows nothing of us: only what is said of it makes it ready

	ReadyTimeout     time.Duration // from spawn to ready and probed
	Settle           time.Duration // from the first Accept (no sockets: from the start) to ready
	ProbeInterval    time.Duration // between two probes
	OpenTimeout      time.Duration // for the confirmation of Open
	Probation        time.Duration // of another binary
	TerminateTimeout time.Duration // for a drain
	FailTimeout      time.Duration // for the end of a generation that never had traffic
	LostTimeout      time.Duration // from the end of the conversation to the kill
	DeferInterval    time.Duration // between two questions to the hook
	Retry            Backoff       // of a candidate, or a successor, that was not at fault
	Respawn          Backoff       // of a crashed program
	Stable           time.Duration // live for so long, a program is no longer in a crash loop
	FinalTimeout     time.Duration // from a kill or the second stop to the end
}

// KeepAlive says when a program that ended by itself is started again.
type KeepAlive int

// The policies.
const (
	Never     KeepAlive = iota // its end is the master's end
	OnFailure                  // started again unless it ended with code 0
	Always
)

// A Backoff doubles from Min to Max.
type Backoff struct{ Min, Max time.Duration }

// after returns the wait before the n-th try, counted from 1.
func (b Backoff) after(n int) time.Duration {
	d := b.Min
	for ; n > 1 && d < b.Max; n-- {
		d *= 2
	}
	return min(d, b.Max)
}
