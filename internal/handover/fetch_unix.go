//go:build unix

package handover

import "os"

// FetchPair makes the two ends of a conversation with a fetch process, as [Pair]
// does of one with a worker. On the master's end a descriptor that comes is the
// end of the conversation.
func FetchPair() (master *Conn, process *os.File, err error) {
	master, process, err = Pair()
	if err == nil {
		master.words, master.maxFrame, master.maxFiles = fromFetchProcess, maxFetchFrame, 0
	}
	return master, process, err
}

// NewFetchConn takes over the fetch process's end, and closes the file.
func NewFetchConn(f *os.File) (*Conn, error) {
	c, err := NewConn(f)
	if err == nil {
		c.words, c.maxFrame = toFetchProcess, maxFetchFrame
	}
	return c, err
}

// InheritFetch is [Inherit] for a fetch process.
func InheritFetch() (Inherited, bool) { return inherit(FetchVariable) }
