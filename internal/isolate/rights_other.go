//go:build unix && !linux

package isolate

func volunteer() {}

func harden() {}
