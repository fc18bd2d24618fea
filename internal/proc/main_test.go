//go:build unix

package proc

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// children are what the test binary does when a test starts it.
var children = map[string]func() error{}

const childVariable = "PROC_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// spec starts the test binary as one of children.
func spec(t *testing.T, name string, args ...string) Spec {
	t.Helper()
	if children[name] == nil {
		t.Fatalf("no child %q", name)
	}
	exe, err := os.Executable()
	must(t, err)
	f, err := os.Open(exe)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return Spec{
		Binary: f,
		Path:   exe,
		Args:   append([]string{"child"}, args...),
		Env:    append(slices.Clip(os.Environ()), childVariable+"="+name, "GORACE=atexit_sleep_ms=0"),
	}
}

func start(t *testing.T, s Spec) *Process {
	t.Helper()
	p, err := Start(s, func(Extra) []string { return nil })
	must(t, err)
	t.Cleanup(func() { p.Kill(); p.Exit() })
	return p
}

// exit waits for the end of a process, within bounds.
func exit(t *testing.T, p *Process) Exit {
	t.Helper()
	timer := time.NewTimer(20 * time.Second)
	defer timer.Stop()
	select {
	case <-p.Done():
	case <-timer.C:
		t.Fatalf("process %d does not end: %s", p.PID, p.Output())
	}
	return p.Exit()
}

// pipe is a pipe whose read end has a deadline.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	must(t, r.SetReadDeadline(time.Now().Add(20*time.Second)))
	return r, w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
