package overseer_test

import (
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/loadtest"
)

// TestMasterIsReplacedOnAReadOnlyDisk: what the master before had, the next one
// has: the socket at which it is asked, and the events, without a gap. What it
// could not write then it has in memory.
func TestMasterIsReplacedOnAReadOnlyDisk(t *testing.T) {
	t.Parallel()
	dir := tmpfs(t, 0, "size=256m")
	s := startService(t, web, inDir(dir), installed(plan{Version: "1"}))
	s.live(1)
	o := operate(t, s)
	load := startLoad(t, s, loadtest.KeepAlive, 4)
	publish(t, s.Binary, plan{Version: "2"})
	writable := readOnly(t, dir)
	s.Signal(syscall.SIGUSR2)
	s.await(1, replaced)
	if st := o.status(); st.PID != s.PID || st.Condition != admin.Serving {
		t.Errorf("status %+v", st)
	}
	writable()
	events, known, err := o.Events(t.Context(), 0, 1000)
	if err != nil || !known {
		t.Fatalf("%v, %v", known, err)
	}
	for i, e := range events {
		if e.ID != uint64(i+1) {
			t.Fatalf("event %d has ID %d: none may be missing", i+1, e.ID)
		}
	}
	s.restart()
	t.Log(noLoss(t, load))
	s.stop()
}

// readOnly lays a mount over a directory that cannot be written to: what is open
// stays as it is, and whoever looks up a path meets it. It is taken away again by
// writable, at the latest at the end of the test.
func readOnly(t *testing.T, dir string) (writable func()) {
	t.Helper()
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	writable = sync.OnceFunc(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	t.Cleanup(writable)
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	return writable
}
