package load

import "time"

// A Kind says what became of a request.
type Kind uint8

const (
	Good        Kind = iota
	Refused          // no connection was made
	Reset            // a new connection was reset before an answer began
	Cut              // closed under the request: no byte of an answer came
	Short            // closed within the answer
	Timeout          // it took longer than Config.Timeout
	Wrong            // a whole answer that is not the right one
	Unprocessed      // HTTP/2: the server said that it has not begun with it
	Limit            // this process had no port or descriptor left
)

var kinds = [...]string{"good", "refused", "reset", "cut under request", "cut in answer", "timeout", "wrong answer", "unprocessed", "client's limit"}

func (k Kind) String() string { return kinds[k] }

// Failures are the kinds that are failures.
var Failures = []Kind{Refused, Reset, Cut, Short, Timeout, Wrong, Unprocessed, Limit}

// A Record is one request.
type Record struct {
	Due     time.Duration // since Log.Began
	Latency time.Duration // since it was due
	Kind    Kind
	Version string // of a good answer
}

// A Log is all that was seen.
type Log struct {
	Began      time.Time
	Records    []Record
	IdleClosed int // connections that ended unannounced, with no request on the way
	Announced  int // that ended after an answer which said so
}
