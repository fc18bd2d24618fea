// Command releasebench measures the way of a release from a server to the disk
// and to its first answer, and writes docs/release-benchmarks.md:
//
//	go run ./internal/releasebench
//
// Each figure stands beside a baseline that was measured in turns with it, in the
// same run, as a machine is never as fast as it was a minute ago. Everything
// happens on loopback and in a temporary directory, and ends with the command.
package main
