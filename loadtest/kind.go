package loadtest

import "fmt"

// A Kind says what became of a request that failed.
type Kind int

const (
	// Refused: no connection was made. Nobody listens at the address, the
	// unix socket is not there, or its queue is full.
	Refused Kind = iota + 1

	// Reset: a new connection was reset before its first answer began. That
	// is what a listener does to the connections in its queue when it is
	// closed, and a process that dies to those it has not served.
	Reset

	// CutUnderRequest: the connection ended with a request sent and no byte
	// of an answer: a new one was closed, or a kept one closed or reset.
	//
	// A server that closes idle connections may do so while a request is on
	// its way, and no client can tell that from a loss. It is counted as one:
	// a server that announces the end with "Connection: close" first does not
	// have this race.
	CutUnderRequest

	// Timeout: RequestTimeout was over.
	Timeout

	// BadStatus: a whole answer that Check refused.
	BadStatus

	// ShortBody: the answer began, and the connection ended before it was
	// whole, in the header or in the body.
	ShortBody

	// ClientLimit: this process had no local port, descriptor or buffer left
	// for a connection. It says nothing about the server, but the request was
	// not made, so it is a failure of the measurement.
	ClientLimit

	// Other: anything else, as an answer that is not HTTP, a wrong echo, or
	// bytes that arrived while no request was outstanding.
	Other
)

var kinds = [...]string{
	Refused: "refused", Reset: "reset", CutUnderRequest: "cut-under-request", Timeout: "timeout",
	BadStatus: "bad-status", ShortBody: "short-body", ClientLimit: "client-limit", Other: "other",
}

func (k Kind) String() string {
	if k <= 0 || int(k) >= len(kinds) {
		return fmt.Sprintf("kind(%d)", int(k))
	}
	return kinds[k]
}
