//go:build unix

package master

import (
	"slices"
	"syscall"
	"testing"
)

// SIGURG is how the Go runtime speaks to itself, all the time; the others are about
// this very process. A program that was passed them would be disturbed for ever.
func TestNobodysSignalsAreNotPassedOn(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGURG, syscall.SIGCHLD, syscall.SIGPIPE} {
		if slices.Contains(passedOn(true), sig) {
			t.Errorf("%v is passed on to the program", sig)
		}
	}
}
