// Package socket reads the address forms of Config.Addresses, binds them in the
// master, and rebuilds listeners from their descriptors in a worker.
//
// It promises:
//
//   - All or none. [Listen] binds every address or leaves nothing behind.
//   - One descriptor for each address. The master holds it and never accepts on
//     it; it is close-on-exec, and it is non-blocking at all times, because that
//     flag is shared with every worker that has a copy.
//   - The socket outlives its holders one by one. Closing the master's copy, or a
//     worker's listener, ends nothing while another copy is open.
//   - A unix socket is never more open than asked, not even for a moment.
//   - A path is removed only where it is a socket that nobody answers on, or
//     ([Socket.Unlink]) where it is still the very socket that was bound here.
//
// # Forms
//
//	:3000  127.0.0.1:0  [::1]:80  localhost:http   TCP, as net.Listen reads them
//	tcp://…  tcp4://…  tcp6://…                    the same, with the family chosen
//	udp://…  udp4://…  udp6://…                    a packet socket
//	unix:///run/app.sock                           mode as the umask leaves it
//	unix:///run/app.sock?mode=0660                 exactly this mode
//	unix://@name                                   an abstract name, on Linux only
//	systemd:name                                   what a service manager has left by that name
//
// A path stands as it is, without percent-encoding, and ends at the first
// question mark. A host name is bound at the one address that package net
// chooses for it.
//
// # What a service manager has left
//
// A socket that is there already (see internal/systemd) is claimed in place of
// binding one: by the entry for which an earlier run has stored it, else by the
// one whose address it is bound to, else it is closed and named in the log. An
// entry of the form systemd:name takes the next one of that name, and two such
// entries two of them, in the order of the .socket unit. What must listen and does
// not, as with Accept=yes, is refused.
//
// # Two masters at one path
//
// Removing a stale socket and binding a new one are two steps, and between
// bind and listen a new socket looks stale. Both are done under an exclusive
// flock of the directory, which leaves no lock file behind: of two masters that
// start together, one binds and the other meets [ErrInUse]. Anybody who can
// read the directory can hold that lock, so a directory of one's own is better
// than /tmp; a held lock ends in an error, never in a wait without end. What the
// kernel does not let us exclude is a program that ignores the lock: one that
// replaces the path between our look and our unlink, or that has bound and not
// yet called listen. On BSD and macOS a listener whose queue is full refuses
// connections as a dead one does; on Linux it can be told apart.
package socket
