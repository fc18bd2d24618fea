// Package item moves what a program holds from one generation to another: live
// connections, open files, and bytes.
//
// A [Giver] is the side of the generation that drains, a [Taker] that of the one
// that goes on. Between them is a way: a pair of sockets, of which the master
// has brought one end over. It carries nothing itself, so neither the number of
// items nor a generation that reads slowly weighs on it, and a way that stands
// does not need it any more.
//
//   - An item is with one generation at any time. Hand returns nil when it is
//     the other one's, and an error when it is still the caller's.
//   - At most [Window] items of a way are under way at a time; the others wait
//     in the generation that has them.
//   - Where the taker drains itself, or dies, Hand asks the master for the
//     generation that goes on now.
//   - Nothing waits for ever: Hand ends with its context, which takes back an
//     item that nobody wants.
//
// The messages are those of package handover, whose comment draws them.
package item
