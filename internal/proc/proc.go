// Package proc starts the processes of generations and of preflights, and knows
// how they ended.
//
//   - A process is started from an open descriptor where the system can
//     (Linux), so the bytes that were looked at are the bytes that run.
//   - It inherits the descriptors that are named, and no others of this process:
//     only those that this process itself was started with, and has not marked
//     close-on-exec, pass through as they would in a shell.
//   - The last lines that it writes to its standard error, and the first words
//     of a crash, are kept for whoever has to explain its end.
//   - Each started process is waited for by this package, once.
package proc

import "strings"

// Text kept of a process, in bytes. Of a crash the beginning matters (the panic
// and the goroutine that made it), of a log its end.
const (
	keptCrash  = 16 << 10
	keptStderr = 8 << 10
	tailLines  = 20
)

// Exit is how a process ended.
type Exit struct {
	Code   int    // exit code, where it exited by itself
	Signal int    // number of the signal that ended it, or 0
	Output string // first words of its crash, else its last lines on standard error
}

// lastLines returns at most n whole lines from the end of a text.
func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, "\n")
}
