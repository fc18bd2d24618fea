//go:build unix && !linux

package proc

// ByDescriptor says that /proc/self/fd/N names an open file to exec.
const ByDescriptor = false
