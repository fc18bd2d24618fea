// Command scalebench measures how long a handover takes, and how much memory the
// master has, over the number of listeners and of open connections, and writes
// docs/scale.md:
//
//	go run ./internal/scalebench
//
// Each figure stands beside that of a service with one listener and no
// connection, restarted in turns with it, as a machine is never as fast as it
// was a minute ago. It needs Linux, and for the largest cases the right to raise
// the limit of open files. Everything happens on loopback and ends with the
// command.
package main
