// Package load sends requests at a pace that does not depend on the answers,
// and keeps what became of each.
//
// What it promises:
//
//   - It is an open loop: each request has a moment at which it is due, and its
//     latency counts from then on, also where the answer to the one before was
//     late. So a pause of the server shows in each request that would have been
//     sent in it (no coordinated omission).
//   - No request is sent twice. One that was not answered whole has a [Kind].
//   - A connection that the server has ended while no request was on its way is
//     not a failure, and is counted as such. Whoever is about to send looks
//     first.
//   - Every wait is bounded by Config.Timeout, and every goroutine ends with
//     Stop.
package load

// A Mode says how clients use their connections.
type Mode string

const (
	KeepAlive Mode = "keep-alive"     // HTTP/1.1, a connection of each client's own
	NewConn   Mode = "new connection" // HTTP/1.1, a connection for each request
	Streaming Mode = "slow body"      // HTTP/1.1, an answer that takes a while
	HTTP2     Mode = "HTTP/2"         // in clear text, connections shared by clients
	Upgraded  Mode = "WebSocket-like" // lines on a connection that was upgraded
	RawTCP    Mode = "raw TCP"        // lines
)

// Modes are all of them.
var Modes = []Mode{KeepAlive, NewConn, Streaming, HTTP2, Upgraded, RawTCP}
