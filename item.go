package overseer

import (
	"context"
	"net"
	"os"

	"github.com/seed-3d078585/overseer/internal/item"
)

// Bounds of an [Item].
const (
	MaxItemName = item.MaxName // bytes of its name, which is UTF-8: 256
	MaxItemData = item.MaxData // bytes of its data: 16 MiB
)

// An Item is something that one generation hands to the next: a connection, or
// a file, or neither, with a name and data that the program chooses. See
// [State.Handover].
type Item struct {
	Name string   // what it is; at most MaxItemName bytes
	Data []byte   // its state; at most MaxItemData bytes
	Conn net.Conn // a live connection, or nil
	File *os.File // any other descriptor, or nil; not both
}

// Handover hands an item to the generation that goes on in the place of this
// one, whose [State.Inherited] returns it. Call it once GracefulShutdown is
// closed: until then this generation may be put back, and keeps what it has. It
// may be called by many goroutines.
//
// It blocks until the other generation has the item, and then closes Conn and
// File here, which closes nothing for the other side of the connection. On any
// error the item is still this generation's, and as usable as before; the
// program goes on with it until the end of the drain. It is never with both and
// never with none, unless a process that has it dies. The error matches
// [ErrDisabled] where overseer is disabled, that of ctx where ctx was done
// first, and [errors.ErrUnsupported] for a connection that cannot be moved.
//
// The wait is bounded: 10 s, and in time before connections are closed by
// force. There is nobody to take the item at the end of the service, or where
// the new release was built with a version of this library that knows of none.
// Where the new generation fails meanwhile, the item goes to whichever comes
// next.
//
// Conn is a TCP, unix or UDP connection: one from State.Listeners (hijacked from
// net/http, too), or of package net. One of crypto/tls is not, as its keys are
// in this process. What the program has read and not yet dealt with, and
// whatever else the other end of the connection believes, belongs into Data:
// nobody may read from or write to Conn meanwhile, so wake a blocked Read by
// SetReadDeadline first.
//
// Under Config.Sequential the next generation starts when this one has ended.
// At most 64 items wait for it; Handover returns when the item is left for it,
// and it is lost if the master or that generation dies before it is taken.
func (s State) Handover(ctx context.Context, i Item) error {
	if s.run == nil {
		return ErrDisabled
	}
	return s.run.Handover(ctx, i)
}

// Inherited returns the next item that another generation hands to this one. It
// blocks until one comes, ctx is done, or this generation drains: the error
// then matches [net.ErrClosed]. It may be called by many goroutines, and from
// the moment that it returns an item on, that item is this generation's: a
// connection counts as one that was accepted here.
//
// Any generation that drains may hand items over, a new release that was rolled
// back, too; so a program that takes any takes them all its life, in a
// goroutine of its own. An item that is there already is returned even where
// ctx is done. Under Config.Sequential all that the generation before has left
// is there when Program is called, so ask with a context that is done.
//
// Where overseer is disabled the error is [ErrDisabled], at once.
func (s State) Inherited(ctx context.Context) (Item, error) {
	if s.run == nil {
		return Item{}, ErrDisabled
	}
	return s.run.Inherited(ctx)
}
