//go:build !(linux || darwin || dragonfly || freebsd)

package store

// mountFlags knows nothing here: the real operation will tell.
func mountFlags(string) (readOnly, noExec bool) { return false, false }
