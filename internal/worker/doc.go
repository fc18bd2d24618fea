// Package worker is the program's side of a generation: it takes the sockets
// from the master, gives them to the program as listeners that can be paused
// and put back, and sees to it that what was accepted is served to its end.
//
//   - A listener accepts only after the master said so, and tells the master
//     when the program first called Accept on it.
//   - Pausing wakes a blocked Accept with a deadline and lets it wait; no
//     connection is lost, none is cut.
//   - A connection is the kernel's own, in a thin wrapper that is counted: no
//     goroutine, and sendfile and splice are kept.
//   - When the master dies, the worker stops accepting, drains and ends.
package worker
