//go:build unix

package store

import (
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Whatever umask the master was started with, nobody else may read or write what
// it keeps, or write a candidate.
func TestUmask(t *testing.T) {
	target := newTarget(t, v1)
	defer syscall.Umask(syscall.Umask(0))
	s := open(t, target)
	must(t, life(s, v2))
	must(t, s.Quarantine(sum(v1), "r", time.Time{}))
	must(t, s.SetHeld(Held{Since: time.Now()}))
	st, err := s.Stage(t.Context(), bytesOf(t, []byte("a third one")), 0)
	must(t, err)
	defer st.Discard()
	seen := 0
	must(t, filepath.WalkDir(filepath.Dir(target), func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == target || path == filepath.Dir(target) || e.Name() == "app.previous" {
			return err // these have the mode of the program
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		seen++
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	}))
	if seen < 5 {
		t.Errorf("%d files and directories, want the candidate, the state directory, its lock and two records", seen)
	}
}
