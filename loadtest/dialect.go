package loadtest

import "time"

// A dialect is what a client says on a connection and how it reads the
// answer. It is shared by all clients and does not change.
type dialect interface {
	// request returns the bytes of a client's n-th request.
	request(client int, n int64) []byte

	// answer reads the answer to the request. The deadline is set.
	answer(l *link, request []byte) (answer, *Failure)
}

type answer struct {
	status  int
	version string
	bytes   int64
	counted time.Time // the end of the latency
	last    bool      // the connection ends with it
}

func newDialect(c *Config) (dialect, error) {
	if c.Mode == RawTCP {
		return lines{}, nil
	}
	return newWeb(c)
}
