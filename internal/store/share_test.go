//go:build unix

package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// TestWithOthers stages for workers that are other users, under the installed
// modes that matter, and has an install fail after it has carried the rights
// over.
func TestWithOthers(t *testing.T) {
	for _, row := range []struct {
		installed, staged os.FileMode
		group             int
	}{
		{0o755, 0o755, 0},
		{0o777, 0o755, 0},
		{0o750, 0o750, 34},
		{0o711, 0o711, 0},
		{0o700, 0o700, 0},
		{os.ModeSetuid | 0o755, 0o755, 0},
	} {
		t.Run(row.installed.String(), func(t *testing.T) {
			asRoot(t)
			target := newTarget(t, []byte("one"))
			must(t, errors.Join(os.Chown(target, 12, row.group), os.Chmod(target, row.installed)))
			fail := false
			s := open(t, target, WithOthers(), WithDisk(durable.Disk{Before: func(step durable.Step) error {
				if fail && step.Op == durable.Rename && step.To == target {
					return syscall.ENOSPC
				}
				return nil
			}}))
			st := stage(t, s, []byte("two"))
			wantRights(t, st.Path(), row.staged, 0, row.group)

			fail = true
			_, err := s.Install(t.Context(), st)
			mustIs(t, err, syscall.ENOSPC)
			info, err := os.Stat(st.Path())
			must(t, err)
			if info.Mode() != row.staged {
				t.Errorf("after an install that failed it has mode %v, want %v", info.Mode(), row.staged)
			}

			fail = false
			if _, err := s.Install(t.Context(), st); err != nil {
				t.Fatal(err)
			}
			wantRights(t, target, row.installed, 12, row.group)
			wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
		})
	}
}

func wantRights(t *testing.T, path string, mode os.FileMode, uid, gid int) {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	st := info.Sys().(*syscall.Stat_t)
	got, want := fmt.Sprint(info.Mode(), st.Uid, st.Gid), fmt.Sprint(mode, uid, gid)
	if got != want {
		t.Errorf("%q has mode, owner and group %s, want %s", path, got, want)
	}
}
