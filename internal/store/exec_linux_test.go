package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// program is the smallest real program at hand; what is put behind its end
// changes its digest and nothing else.
func program(t *testing.T) func(version int) []byte {
	t.Helper()
	path, err := exec.LookPath("true")
	if err != nil {
		t.Skip("skipped: no program \"true\" to make versions of")
	}
	image, err := os.ReadFile(path)
	must(t, err)
	return func(version int) []byte {
		return fmt.Appendf(image[:len(image):len(image)], "version %d", version)
	}
}

func run(path string) error {
	cmd := exec.Command(path)
	cmd.Args[0] = "true" // what busybox goes by
	return cmd.Run()
}

// During 500 installs the target is there and runs at every look.
func TestTargetIsNeverMissing(t *testing.T) {
	version := program(t)
	target := newTarget(t, version(0))
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
	watch(&stats, func() error {
		info, err := os.Stat(target)
		if err == nil && (info.Size() < int64(len(version(0))) || info.Mode() != 0o755) {
			err = fmt.Errorf("target has %d bytes and mode %v", info.Size(), info.Mode())
		}
		return err
	})
	watch(&execs, func() error { return run(target) })

	s := open(t, target)
	installs := 500
	if testing.Short() {
		installs = 50
	}
	for i := 1; i <= installs; i++ {
		if _, err := s.Install(t.Context(), stage(t, s, version(i))); err != nil {
			t.Errorf("install %d: %v", i, err)
			break
		}
	}
	close(stop)
	watchers.Wait()
	wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
	t.Logf("%d stats and %d executions during %d installs", stats.Load(), execs.Load(), installs)
}

// While other goroutines fork, what is staged runs at once. golang/go#22315.
func TestNoTextFileBusy(t *testing.T) {
	version := program(t)
	stop := make(chan struct{})
	var forkers sync.WaitGroup
	for range 4 {
		forkers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = run("/nonexistent/program") // forks, and fails at the exec
				}
			}
		})
	}
	defer forkers.Wait()
	defer close(stop)

	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	var wg sync.WaitGroup
	const masters = 2
	for m := range masters {
		target := newTarget(t, version(0))
		s := open(t, target)
		wg.Go(func() {
			for i := range rounds / masters {
				st, err := s.Stage(t.Context(), bytesOf(t, version(m*rounds+i)), 0)
				if err != nil {
					t.Errorf("stage %d: %v", i, err)
					return
				}
				if err := run(st.Path()); err != nil {
					t.Errorf("run %d: %v", i, err)
				}
				if err := st.Discard(); err != nil {
					t.Errorf("discard %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}

// The control: a file written the plain way does meet ETXTBSY in this load.
// It is a matter of chance, so that it only reports.
func TestTextFileBusyWrittenPlainly(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it only reports")
	}
	version := program(t)
	dir := t.TempDir()
	stop := make(chan struct{})
	var forkers sync.WaitGroup
	for range 4 {
		forkers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = run("/nonexistent/program")
				}
			}
		})
	}
	busy := 0
	image := version(0)
	const rounds = 500
	for i := range rounds {
		path := filepath.Join(dir, fmt.Sprint(i))
		must(t, os.WriteFile(path, image, 0o700))
		err := run(path)
		if errors.Is(err, syscall.ETXTBSY) {
			busy++
		} else if err != nil {
			t.Errorf("run %d: %v", i, err)
		}
		must(t, os.Remove(path))
	}
	close(stop)
	forkers.Wait()
	t.Logf("written plainly: %d of %d met ETXTBSY", busy, rounds)
}

// The descriptor alone is enough to run the very bytes that were hashed.
func TestRunByDescriptor(t *testing.T) {
	version := program(t)
	target := newTarget(t, version(0))
	st := stage(t, open(t, target), version(1))
	must(t, os.Remove(st.Path()))
	cmd := exec.Command("/proc/self/fd/3")
	cmd.Args[0] = "true"
	cmd.ExtraFiles = []*os.File{st.File()}
	must(t, cmd.Run())
}
