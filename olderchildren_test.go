//go:build linux

package overseer_test

import (
	"path/filepath"
	"testing"

	"github.com/seed-3d078585/overseer"
)

// olderBreeder starts children in its main and in its program.
var olderBreeder = register("older breeder", func() {
	startBystander("main")
	c := webConfig()
	c.Program = func(s overseer.State) {
		startBystander("program")
		serveWeb(s)
	}
	overseer.Run(c)
})

// Nothing of the older library's handover reaches the program's children: in
// that library they kept the port.
func TestOlderMasterNothingLeaksIntoChildren(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "inheritance")
	usedPrograms.Store(bystander, true)
	s := startOlder(t, olderBreeder, env("TEST_INHERITANCE", file))
	s.Address()
	s.olderRestart()
	const children = 4 // two of each of two workers
	var found []inheritance
	eventually(t, "reports of all children", func() bool {
		found = inheritances(t, file)
		return len(found) >= children
	})
	address := s.Address()
	s.stop()
	if err := bindOnce("tcp", address); err != nil {
		t.Errorf("the address is still held after the stop: %v", err)
	}
	for _, in := range found {
		if len(in.Variables) != 0 {
			t.Errorf("child of %s: environment holds %q, want nothing of overseer", in.Starter, in.Variables)
		}
		for _, d := range in.Descriptors {
			if !innocent(d) {
				t.Errorf("child of %s: has inherited descriptor %s", in.Starter, d)
			}
		}
	}
}
