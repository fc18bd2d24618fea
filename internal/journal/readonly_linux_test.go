package journal

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer/admin"
)

// TestReadOnlyForAWhile: a journal that is opened while its disk is read-only goes
// on with what is there, and writes again when it can.
func TestReadOnlyForAWhile(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("journal", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	mode := func(flags uintptr) {
		t.Helper()
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	mode(unix.MS_RDONLY)
	if _, err := Open(dir); err == nil {
		t.Error("a journal without a lock is opened on a disk on which none can be made")
	}
	mode(0)
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	j.Append(admin.Event{Kind: admin.Live})
	j.Close()

	mode(unix.MS_RDONLY)
	if j, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	if other, err := Open(dir); err == nil {
		other.Close()
		t.Error("two have the lock")
	}
	if e := j.Append(admin.Event{Kind: admin.Live}); e.ID != 2 {
		t.Errorf("the next event has ID %d, want 2", e.ID)
	}
	if err := j.Still(t.Context()); err != nil {
		t.Fatal(err)
	}
	mode(0)
	j.Append(admin.Event{Kind: admin.Live})
	j.Close()

	if j, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if events, _ := j.Events(0, 10); len(events) != 2 || events[1].ID != 3 {
		t.Errorf("the files have %+v, want events 1 and 3: what came between could not be written", events)
	}
}
