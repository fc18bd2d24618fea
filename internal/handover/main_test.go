//go:build unix

package handover

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// children are what the test binary does when a test starts it.
var children = map[string]func() error{}

const childVariable = "HANDOVER_TEST_CHILD"

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

// child is the test binary, about to run one of children.
func child(t *testing.T, name string, env ...string) *exec.Cmd {
	t.Helper()
	if children[name] == nil {
		t.Fatalf("no child %q", name)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(slices.Clip(os.Environ()), append(env, childVariable+"="+name, "GORACE=atexit_sleep_ms=0")...)
	return cmd
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// conversation is both ends of one, which end with the test and within bounds.
func conversation(t testing.TB) (master, worker *Conn) {
	t.Helper()
	master, f, err := Pair()
	must(t, err)
	worker, err = NewConn(f)
	must(t, err)
	t.Cleanup(func() { master.Close(); worker.Close() })
	for _, c := range []*Conn{master, worker} {
		must(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	}
	return master, worker
}
