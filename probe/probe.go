// Package probe holds ready-made checks that a new generation serves well,
// made before any public client reaches it.
//
// What it promises:
//
//   - A probe speaks over a private connection: the program's own Accept
//     returns the other end, so its real handler answers, and no public client
//     can reach or see it. (A program of another language, overseer.Command,
//     takes no such connections: there it connects as a client does.)
//   - A probe ends when its context is done, and by itself after
//     [DefaultTimeout] where the context has no deadline.
//   - It reads a bounded amount from the program and leaves no goroutine and
//     no connection behind.
//   - It asks once. It never repeats a question to get a better answer.
//   - Its error says which listener was asked, what came back and, for an
//     HTTP answer, the first lines of it.
//
// The smallest use:
//
//	overseer.Config{Probe: probe.HTTP("/healthz")}
//
// A [Probe] is a function: a check that this package lacks is a function
// literal.
package probe

import (
	"context"
	"net"
	"time"
)

// DefaultTimeout bounds [HTTP] and [TCP] when their context has no deadline.
const DefaultTimeout = 10 * time.Second

// A Probe asks a generation whether it serves well: nil means that it does,
// and an error says why not. It is called in the master, never concurrently
// for one generation, and must end when ctx is done.
type Probe func(ctx context.Context, t Target) error

// A Target is the generation that a [Probe] asks.
type Target struct {
	// Generation is the number of the generation.
	Generation int

	// Addresses are those of its listeners, as in State.Addresses.
	Addresses []string

	// Dial opens a private connection to the i-th listener of the generation.
	// Accept of that listener returns the other end. Who dials closes the
	// connection. It blocks until the connection stands or ctx is done.
	Dial func(ctx context.Context, i int) (net.Conn, error)
}

// address names the i-th listener for an error.
func (t Target) address(i int) string {
	if i < 0 || i >= len(t.Addresses) {
		return ""
	}
	return t.Addresses[i]
}

// bounded gives ctx a deadline where it has none.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, DefaultTimeout)
}

// closeWhenDone closes conn when ctx is done, which wakes every read and write
// on it, whatever kind of connection it is. The returned function ends that.
func closeWhenDone(ctx context.Context, conn net.Conn) (stop func() bool) {
	return context.AfterFunc(ctx, func() { conn.Close() })
}

// because prefers the reason why ctx ended over err: "use of closed network
// connection" tells an operator nothing.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
