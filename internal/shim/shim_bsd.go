//go:build unix && !linux

package shim

// dieWithParent does nothing: these systems have no such signal, or none that
// outlives execve everywhere.
func dieWithParent(parent, signal int) error { return nil }

// pidfdID has no answer: there are no pidfds.
func pidfdID() (id uint64, ok bool) { return 0, false }
