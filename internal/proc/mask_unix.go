//go:build unix && !linux

package proc

// Unblocked runs a function. On Linux, where a master replaces itself, there is
// more to it.
func Unblocked(f func()) { f() }
