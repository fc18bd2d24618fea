package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// While releases are installed, current leads to a program that runs at every
// look, also while other goroutines fork (golang/go#22315).
func TestCurrentIsNeverMissing(t *testing.T) {
	home := newHome(t)
	s := openTrees(t, home)
	program := filepath.Join(home, "current", "bin/app")
	stop := make(chan struct{})
	var stats, execs atomic.Int64
	var watchers sync.WaitGroup
	watch := func(count *atomic.Int64, look func() error) {
		watchers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := look(); err != nil {
					t.Errorf("after %d looks: %v", count.Load(), err)
					return
				}
				count.Add(1)
			}
		})
	}
	watch(&stats, func() error { _, err := os.Stat(program); return err })
	for range 2 {
		watch(&execs, func() error {
			tree, err := s.Hold(t.Context())
			if err != nil {
				return err
			}
			defer tree.Close()
			return says(tree, 0)
		})
	}
	installs := 60
	if testing.Short() {
		installs = 10
	}
	for i := range installs {
		st := stage(t, s, treeOf(2+i%17))
		if out, err := exec.Command(st.Path()).CombinedOutput(); err != nil {
			t.Errorf("staged, it says %q, %v", out, err)
		}
		if _, err := s.Install(t.Context(), st); err != nil {
			t.Errorf("install %d: %v", i, err)
			break
		}
	}
	close(stop)
	watchers.Wait()
	t.Logf("%d looks and %d runs during %d installs", stats.Load(), execs.Load(), installs)
}
