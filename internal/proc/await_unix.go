//go:build unix && !linux

package proc

// awaitEnd is for a master that replaces itself, which only Linux does.
func awaitEnd(int) {}
