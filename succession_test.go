//go:build linux

package overseer_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// runsRelease reports whether a process runs the bytes of a release.
func runsRelease(t *testing.T, pid int, p plan) bool {
	t.Helper()
	bytes, err := os.ReadFile(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(releaseBytes(t, p))
	got := sha256.Sum256(bytes)
	return hex.EncodeToString(got[:]) == hex.EncodeToString(want[:])
}

// TestMasterIsUpgraded: after a commit the master runs the release, in the same
// process and with the generation that is live, and goes on to restart, to
// upgrade and to stop.
func TestMasterIsUpgraded(t *testing.T) {
	t.Parallel()
	s := startService(t, web, env("TEST_PROBATION", "50ms"))
	s.live(1)
	load := startLoad(t, s, loadtest.KeepAlive, 4)
	for n := 1; n <= 3; n++ {
		p := plan{Version: fmt.Sprintf("2.%d", n)}
		publish(t, s.Next, p)
		s.await(n, "the master has been replaced")
		if !runsRelease(t, s.PID, p) {
			t.Fatalf("the master does not run version %s", p.Version)
		}
		s.restart()
	}
	if report := noLoss(t, load); report.ByVersion["2.3"] == 0 {
		t.Errorf("version 2.3 answered nobody:\n%s", report)
	}
	s.stop()
	if leftovers, _ := filepath.Glob(filepath.Join(s.Dir, ".app.candidate*")); leftovers != nil {
		t.Errorf("left behind: %q", leftovers)
	}
}

var _ = time.Second
