//go:build unix

package overseer_test

import (
	"os"
	"testing"
)

// A file that is written slowly, in place, is never installed by halves; one
// that is deleted is no release, and one that comes back is.
func TestFileThatIsWrittenInPlaceIsInstalledWhole(t *testing.T) {
	t.Parallel()
	s := startService(t, restartsByOrder, installed(plan{Version: "1"}))
	s.live(1)
	whole := releaseBytes(t, plan{Version: "2"})
	f, err := os.OpenFile(s.Next, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(whole[:len(whole)/2]); err != nil {
		t.Fatal(err)
	}
	// Half of it stands still for long enough to be taken for all.
	s.await(1, "failed its preflight", "no whole program")
	installedIs(t, s, plan{Version: "1"})
	if _, err := f.Write(whole[len(whole)/2:]); err != nil {
		t.Fatal(err)
	}
	s.await(1, "msg=committed")
	installedIs(t, s, plan{Version: "2"})

	if err := os.Remove(s.Next); err != nil {
		t.Fatal(err)
	}
	s.restart() // several looks pass
	publish(t, s.Next, plan{Version: "3"})
	s.await(2, "msg=committed")
	installedIs(t, s, plan{Version: "3"})
	if n := s.count("msg=trial"); n != 2 {
		t.Errorf("%d releases were tried, want 2", n)
	}
	s.stop()
}
