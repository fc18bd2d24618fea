//go:build linux

package overseer_test

import (
	"encoding/binary"
	"testing"
)

// What a look at the file of a release tells, without running it: elf(5).
func init() {
	badReleases = append(badReleases, []badRelease{
		{name: "is for another machine", bytes: forAnotherMachine,
			says: []string{preflighted, "built for another machine"}},
		{name: "is cut short", bytes: cutShort,
			says: []string{preflighted, "cut short"}},
		{name: "is a page of HTML", bytes: pageOfHTML,
			says: []string{preflighted, "the file is no program"}},
	}...)
}

func forAnotherMachine(t *testing.T) []byte {
	release := releaseBytes(t, plan{Version: "bad"})
	const machine, sparc = 18, 2 // e_machine, and one that Go is not ported to: elf(5)
	binary.NativeEndian.PutUint16(release[machine:], sparc)
	return release
}

func cutShort(t *testing.T) []byte {
	release := releaseBytes(t, plan{Version: "bad"})
	return release[:len(release)/3]
}
