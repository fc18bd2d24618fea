// Package peer tells which process of this host is at the other end: of a
// connection ([FarInode], [Holds]), or of a message ([Belongs]).
//
// It asks the kernel and remembers nothing. What cannot be known on a system, or
// may not be by this user, is reported as not known, and never guessed.
package peer
