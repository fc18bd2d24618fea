// Command adminbench measures what it costs that a master can be looked at, and
// writes docs/admin-figures.md:
//
//	go run ./internal/adminbench
//
// It measures memory, the requests of the program, and how fast events reach
// many clients. Each figure stands beside the same one of a master that cannot be
// looked at, taken in the same run and in turns with it, as a machine is never as
// fast as it was a minute ago. It needs Linux. Everything happens on loopback and
// on unix sockets, and ends with the command.
package main
