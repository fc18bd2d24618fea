package durable

import "syscall"

// WithoutForks runs f while this process forks no child. f is short: every
// spawn waits for it.
//
// A fork copies all descriptors, and the child has them until its exec closes
// them. A file that some child still has open for writing cannot be executed:
// ETXTBSY (golang/go#22315). So a file that will be executed is open for
// writing only in here, for one piece at a time: no child ever gets the
// descriptor, and a long download does not hold up a spawn for longer than one
// write takes.
//
// To write with one descriptor and to wait, after closing it, until all forks
// under way have ended is not enough, even on Linux, where Go forks with
// CLONE_VFORK: the kernel wakes the parent when the child lets go of its
// memory, and closes the child's descriptors a moment later, at exec
// (begin_new_exec) as at exit (do_exit). Seen: 1 of 4,000 executions.
//
// It is the read side that is taken: package syscall counts forks that overlap
// as one holder and lets waiting readers in between them, but not writers,
// which starve while forks keep coming.
func WithoutForks(f func() error) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return f()
}
