//go:build unix

package overseer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/loadtest"
)

// sequential is a service whose program holds something exclusive and ends
// where another one holds it.
var sequential = obeying("sequential", func(c *overseer.Config) {
	c.Sequential = true
	c.ReadyTimeout = 5 * time.Second
	c.Program = func(s overseer.State) {
		defer holdExclusive().Close()
		obey(s)
	}
})

// holdExclusive locks a file beside the binary; the lock ends with the process.
func holdExclusive() *os.File {
	f, err := os.OpenFile(filepath.Join(filepath.Dir(os.Getenv("TEST_NEXT")), "exclusive"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "two programs at once:", err)
		os.Exit(9)
	}
	return f
}

// A sequential restart ends the old program before it starts the new one, and
// clients wait in the sockets: none is refused, none fails.
func TestSequentialRestartsLoseNoRequest(t *testing.T) {
	t.Parallel()
	restarts := 50
	if testing.Short() {
		restarts = 10
	}
	for name, mode := range map[string]loadtest.Mode{
		"kept-alive connections":   loadtest.KeepAlive,
		"a connection per request": loadtest.NewConnection,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, sequential)
			s.live(1)
			load := startLoad(t, s, mode, 8)
			for i := range restarts {
				s.Signal(syscall.SIGUSR2)
				s.live(i + 2)
			}
			t.Log(noLoss(t, load))
			s.stop()
			if n := s.count("two programs at once"); n != 0 {
				t.Errorf("%d programs met another one, want 0", n)
			}
		})
	}
}

// Where the new release of a sequential program fails, nothing stands by: the
// installed one is started again, and clients wait for it.
func TestSequentialUpgradeThatFailsStartsTheInstalledOneAgain(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault plan
		says  []string
	}{
		"exit at start": {plan{Version: "2", Fault: "exit at start", ExitCode: 4}, []string{"msg=failed", "exited with code 4", "last words of version 2"}},
		"crash on trial": {plan{Version: "2", Fault: "crash", After: 50 * time.Millisecond}, []string{
			`msg="rolled back"`, "exited with code 2 during its trial", "version 2 crashed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, sequentialWeb, env("TEST_PROBATION", "10s"))
			s.live(1)
			publish(t, s.Next, row.fault)
			s.await(1, row.says...)
			s.until("the installed release is live again", func() bool { return s.count("msg=live", "generation=3") == 1 })
			if got := ask(t, s, "/"); got != "version 1\n" {
				t.Errorf("%q answers, want version 1", got)
			}
			installedIs(t, s, plan{Version: "1"})
			s.stop()
			if n := s.count("two programs at once"); n != 0 {
				t.Errorf("%d programs met another one, want 0", n)
			}
		})
	}
}

var sequentialWeb = register("sequential web", func() {
	c := webConfig()
	c.Sequential = true
	c.Program = func(s overseer.State) {
		defer holdExclusive().Close()
		serveWeb(s)
	}
	overseer.Run(c)
})
