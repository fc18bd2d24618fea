//go:build linux

package overseer_test

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/loadtest"
)

// succeeds is the web service whose program is started again when it fails.
var succeeds = register("succeeds", func() {
	c := webConfig()
	c.KeepAlive = overseer.OnFailure
	c.Program = serveWeb
	overseer.Run(c)
})

// succeedsByHand waits with each release for a restart.
var succeedsByHand = register("succeeds by hand", func() {
	c := webConfig()
	c.NoRestartAfterFetch = true
	c.Program = serveWeb
	overseer.Run(c)
})

// stays keeps the master that it was started with.
var stays = register("stays", func() {
	c := webConfig()
	c.KeepMaster = true
	c.Program = serveWeb
	overseer.Run(c)
})

// moves listens where its release says.
var moves = register("moves", func() {
	c := webConfig()
	c.Probe, c.Address = nil, ""
	c.Addresses = strings.Fields(os.Getenv("TEST_ADDRESSES"))
	p := readPlan()
	if p.Addresses != nil {
		c.Addresses, c.TerminateTimeout, c.RestartSignal = p.Addresses, 10*time.Second, syscall.SIGHUP
	}
	c.Program = serveAddressed
	overseer.Run(c)
})

// masterRuns reports whether the master runs the bytes of a release.
func masterRuns(t *testing.T, s *service, p plan) bool {
	t.Helper()
	got, err := os.ReadFile(fmt.Sprintf("/proc/%d/exe", s.PID))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(got, releaseBytes(t, p))
}

var upgradesInARow = flag.Int("upgrades", 60, "how many upgrades TestMasterIsUpgraded makes")

// TestMasterIsUpgraded goes through upgrades one after the other, of program and
// master. Nothing is lost and nothing grows; the process stays the same.
func TestMasterIsUpgraded(t *testing.T) {
	upgrades := *upgradesInARow
	if testing.Short() {
		upgrades = 12
	}
	s := startService(t, web, env("TEST_PROBATION", "-1ns"))
	s.live(1)
	loads := []*loadtest.Load{
		startLoad(t, s, loadtest.KeepAlive, 4),
		startLoad(t, s, loadtest.NewConnection, 4), // each must find somebody who accepts
		startLoad(t, s, loadtest.Streaming, 4),
	}
	upgrade := func(n int) (w weight) {
		publish(t, s.Next, plan{Version: fmt.Sprintf("2.%d", n)})
		s.await(n, replaced)
		s.await(n, "msg=gone")
		return weighFromOutside(t, s)
	}
	var early, late weight
	for n := 1; n <= upgrades; n++ {
		switch w := upgrade(n); {
		case n <= upgrades/2:
			early = early.most(w)
		default:
			late = late.most(w)
		}
	}
	if last := fmt.Sprintf("2.%d", upgrades); !masterRuns(t, s, plan{Version: last}) {
		t.Errorf("the master does not run version %s", last)
	}
	for _, load := range loads {
		report := noLoss(t, load)
		t.Logf("%d upgrades:\n%s", upgrades, report)
	}
	if late.Descriptors > early.Descriptors+2 || late.Children > early.Children+1 {
		t.Errorf("the master has grown: %d descriptors and %d children at most in the first half, %d and %d in the second",
			early.Descriptors, early.Children, late.Descriptors, late.Children)
	}
	if late.Resident > early.Resident*5/4 {
		t.Errorf("the master has grown: %d KiB at most in the first half, %d KiB in the second", early.Resident>>10, late.Resident>>10)
	}
	t.Logf("the master weighs at most: %d descriptors, %d children, %d KiB", late.Descriptors, late.Children, late.Resident>>10)
	s.stop()
	leftovers, _ := filepath.Glob(filepath.Join(s.Dir, ".app.candidate*"))
	if leftovers != nil {
		t.Errorf("left behind: %q", leftovers)
	}
}

// weighFromOutside asks the kernel what the master weighs.
func weighFromOutside(t *testing.T, s *service) (w weight) {
	t.Helper()
	w.Descriptors = len(descriptors(t, s.PID))
	w.Resident = statusField(t, s.PID, "VmRSS") << 10
	for _, p := range processes() {
		if p.parent == s.PID {
			w.Children++
		}
	}
	return w
}

func (w weight) most(o weight) weight {
	w.Descriptors = max(w.Descriptors, o.Descriptors)
	w.Children = max(w.Children, o.Children)
	w.Resident = max(w.Resident, o.Resident)
	return w
}

// A request that the old generation has is answered by it, however often the
// master is replaced meanwhile; so is its end waited for.
func TestDrainOutlivesMasters(t *testing.T) {
	t.Parallel()
	s := startService(t, web, env("TEST_PROBATION", "-1ns"), env("TEST_TERMINATE_TIMEOUT", "60s"))
	s.live(1)
	h := hold(t, s)
	for n := 1; n <= 3; n++ {
		publish(t, s.Next, plan{Version: fmt.Sprintf("2.%d", n)})
		s.await(n, replaced)
	}
	h.end("1")
	s.await(1, "msg=gone", "generation=1")
	s.stop()
}

// The bound on a drain goes on over the execve.
func TestBoundsOutliveMasters(t *testing.T) {
	t.Parallel()
	s := startService(t, web, env("TEST_PROBATION", "-1ns"), env("TEST_TERMINATE_TIMEOUT", "3s"))
	s.live(1)
	h := hold(t, s)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, replaced)
	s.await(1, "msg=gone", "generation=1")
	h.isCut()
	s.stop()
}

// A master that was told to be replaced is asked for restarts and for its end at
// that very moment: none is lost.
func TestSignalsOutliveMasters(t *testing.T) {
	t.Parallel()
	rounds := 10
	if testing.Short() {
		rounds = 3
	}
	s := startService(t, succeeds, env("TEST_PROBATION", "-1ns"))
	s.live(1)
	load := startLoad(t, s, loadtest.NewConnection, 4)
	lives := 1
	for n := 1; n <= rounds; n++ {
		publish(t, s.Next, plan{Version: fmt.Sprintf("2.%d", n)})
		s.await(n, "msg=committed")
		s.Signal(syscall.SIGUSR2) // while the successor is checked
		s.await(n, "msg=succession")
		lives += 2
		s.live(lives)
		s.await(n, replaced)
		s.await(2*n, "msg=gone")
	}
	noLoss(t, load)
	h := hold(t, s)
	publish(t, s.Next, plan{Version: "3"})
	s.await(rounds+1, "msg=succession")
	s.stopDuring(func() { h.end(fmt.Sprintf("2.%d", rounds)) })
	s.allGone()
}

// The program is killed while its master is about to be replaced: it is started
// again, by whichever master is there.
func TestKillsOutliveMasters(t *testing.T) {
	t.Parallel()
	rounds := 5 // the wait before a crashed program is started again doubles
	if testing.Short() {
		rounds = 3
	}
	s := startService(t, succeeds, env("TEST_PROBATION", "-1ns"))
	s.live(1)
	live := 1
	for n := 1; n <= rounds; n++ {
		word := []string{"msg=committed", "msg=succession"}[n%2]
		publish(t, s.Next, plan{Version: fmt.Sprintf("2.%d", n)})
		live++
		s.await(n, word)
		kill(t, s.pidOf(live), syscall.SIGKILL)
		live++
		s.live(live)
		s.await(n, replaced)
	}
	s.restart()
	s.stop()
}

// A candidate that waits is not fetched again for the new master.
func TestWaitingCandidateOutlivesMasters(t *testing.T) {
	t.Parallel()
	s := startService(t, succeedsByHand, env("TEST_PROBATION", "1s"))
	s.live(1)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=waiting")
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=trial")
	publish(t, s.Next, plan{Version: "3"})
	s.await(2, "msg=waiting")
	if err := os.Remove(s.Next); err != nil {
		t.Fatal(err)
	}
	s.await(1, replaced)
	s.Signal(syscall.SIGUSR2)
	s.await(2, replaced)
	if !masterRuns(t, s, plan{Version: "3"}) || answers(t, s) != "3" {
		t.Errorf("version %q answers, want 3, of program and master", answers(t, s))
	}
	s.stop()
}

// A release that does not take a master over serves all the same, under the old
// one, which says why.
func TestSuccessorThatRefuses(t *testing.T) {
	t.Parallel()
	s := startService(t, web, env("TEST_PROBATION", "-1ns"))
	s.live(1)
	load := startLoad(t, s, loadtest.KeepAlive, 4)
	publish(t, s.Next, plan{Version: "2", Fault: "refuses to succeed"})
	s.await(1, "level=WARN", "msg=stays", "version 2 takes no master over")
	if got := answers(t, s); got != "2" {
		t.Errorf("version %q answers, want 2", got)
	}
	if !masterRuns(t, s, plan{Version: "1"}) {
		t.Error("the master does not run what it was started with")
	}
	s.restart() // which is a new try
	s.await(2, "msg=stays")
	publish(t, s.Next, plan{Version: "3"})
	s.await(1, replaced)
	noLoss(t, load)
	s.stop()
}

// A successor that dies at once is the end of the service, in good order: what
// was accepted is answered.
func TestSuccessorThatDies(t *testing.T) {
	t.Parallel()
	s := startService(t, web, env("TEST_PROBATION", "-1ns"))
	s.live(1)
	h := hold(t, s)
	publish(t, s.Next, plan{Version: "2", Fault: "dies as a successor", ExitCode: 7})
	if code := s.wait(); code != 7 {
		t.Errorf("the service ended with code %d, want 7", code)
	}
	h.end("1")
	s.allGone()
}

func TestMasterStaysWhereItIsToldTo(t *testing.T) {
	t.Parallel()
	s := startService(t, stays, env("TEST_PROBATION", "-1ns"))
	s.live(1)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=committed")
	s.restart()
	if s.count("msg=succession") > 0 || !masterRuns(t, s, plan{Version: "1"}) {
		t.Error("the master was replaced")
	}
	s.stop()
}

// TestNewConfigTakesEffect: a release is configured for other addresses, and for
// another signal.
func TestNewConfigTakesEffect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept, dropped, added := "127.0.0.1:0", "unix://"+filepath.Join(dir, "dropped"), "unix://"+filepath.Join(dir, "added")
	s := startService(t, moves, env("TEST_ADDRESSES", kept+" "+dropped), env("TEST_PROBATION", "200ms"))
	s.live(1)
	address := s.Address()
	load := startLoad(t, s, loadtest.NewConnection, 4)
	publish(t, s.Next, plan{Version: "2", Addresses: []string{added, kept}})
	s.await(1, "msg=bound", "added")
	s.await(1, "msg=released", "dropped")
	s.await(1, replaced, "Addresses: "+added+" "+kept+", was "+kept+" "+dropped, "RestartSignal: hangup, was user defined signal 2", "TerminateTimeout: 10s, was 20s")
	for _, tt := range []struct{ network, address string }{{"tcp", address}, {"unix", filepath.Join(dir, "added")}} {
		if got, want := request(t, tt.network, tt.address), "generation 2 version 2"; got != want {
			t.Errorf("%s answers %q, want %q", tt.address, got, want)
		}
	}
	if conn, err := net.Dial("unix", filepath.Join(dir, "dropped")); err == nil {
		conn.Close()
		t.Error("somebody answers on the address that was dropped")
	}
	s.Signal(syscall.SIGHUP) // the new restart signal
	s.await(1, "msg=gone", "generation=2")
	if got, want := request(t, "tcp", address), "generation 3 version 2"; got != want {
		t.Errorf("after a restart %q answers, want %q", got, want)
	}
	noLoss(t, load)
	s.stop()
}

// TestAddressOfAReleaseIsTaken: the release cannot have its address, which is not
// its fault; the one before goes on and gives up what was bound for it.
func TestAddressOfAReleaseIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	s := startService(t, moves, env("TEST_ADDRESSES", "127.0.0.1:0"))
	s.live(1)
	load := startLoad(t, s, loadtest.KeepAlive, 4)
	publish(t, s.Next, plan{Version: "2", Addresses: []string{"127.0.0.1:0", "unix://" + filepath.Join(dir, "added"), taken.Addr().String()}})
	s.await(1, "msg=postponed")
	s.await(1, "msg=failed", taken.Addr().String(), "address already in use")
	if _, err := os.Lstat(filepath.Join(dir, "added")); !os.IsNotExist(err) {
		t.Errorf("the other address of the release: %v, want it gone", err)
	}
	noLoss(t, load)
	s.stop()
}
