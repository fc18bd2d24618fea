package proc

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestStartWithTooFewDescriptors has a process be started with room for no more
// descriptors, for one, for two, and so on: until it starts, each try is an error
// that says why, and leaves nothing open.
func TestStartWithTooFewDescriptors(t *testing.T) {
	s := spec(t, "tell")
	s.CaptureStderr, s.CaptureCrash = true, true
	told(t, s, nil) // whatever the first start of all leaves open

	var old unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	allow := func(n uint64) { must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: old.Max})) }
	defer allow(old.Cur)
	free, err := os.Open(os.DevNull)
	must(t, err)
	lowest := uint64(free.Fd())
	free.Close()

	refused, before := 0, openFiles(t)
	for n := lowest; n < lowest+100; n++ {
		allow(n)
		p, err := Start(s, func(Extra) []string { return nil })
		allow(old.Cur)
		if err == nil {
			exit(t, p)
			if refused < 3 {
				t.Errorf("a process starts with room for %d descriptors: the test has shown nothing", refused)
			}
			return
		}
		refused++
		if !errors.Is(err, syscall.EMFILE) {
			t.Errorf("with room for %d descriptors: %v, want %v", n-lowest, err, syscall.EMFILE)
		}
		if now := openFiles(t); now > before {
			t.Fatalf("with room for %d descriptors %d are open after the try, and %d were before", n-lowest, now, before)
		}
	}
	t.Error("no process starts with room for 100 descriptors")
}
