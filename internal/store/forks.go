package store

import "syscall"

// awaitForks returns when every fork that was under way has reached its exec.
//
// A fork copies all descriptors, and the child has them until its exec closes
// them. A file that some child still has open for writing cannot be executed:
// ETXTBSY (golang/go#22315). Holding the lock from open to close would prevent
// it too, but would hold up every spawn for the length of a download. So the
// file is closed first, and then this waits: a fork that begins later has
// nothing to copy, and one that began earlier holds the write side of ForkLock
// until, on Linux, its child has left the parent's memory by exec or exit
// (CLONE_VFORK). Elsewhere the child may need a moment more; whoever executes
// there tries again on ETXTBSY.
//
// It is the read side that is taken: package syscall counts forks that overlap
// as one holder and lets waiting readers in between them, but not writers,
// which starve while forks keep coming.
func awaitForks() {
	syscall.ForkLock.RLock()
	//lint:ignore SA2001 the waiting is the purpose
	syscall.ForkLock.RUnlock()
}
