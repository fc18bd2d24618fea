//go:build unix

package overseer_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

var (
	keptNever     = obeying("kept alive never", func(*overseer.Config) {})
	keptOnFailure = obeying("kept alive on failure", func(c *overseer.Config) { c.KeepAlive = overseer.OnFailure })
	keptAlways    = obeying("kept alive always", func(c *overseer.Config) { c.KeepAlive = overseer.Always })
	exits         = bare("bare exits", func(s overseer.State) {
		switch p := readPlan(); p.Fault {
		case "return":
		case "kill":
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it comes
		case "panic":
			panic("on purpose")
		default:
			os.Exit(p.ExitCode)
		}
	}, func(*overseer.Config) {})
)

// The program's own end is the master's, with the same code.
func TestMasterEndsAsTheProgramEnds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		program string
		plan    plan   // of the program
		order   string // to it, once it is live
		code    int
	}{
		{"exit code", keptNever, plan{}, "/exit?code=7", 7},
		{"exit code 0", keptNever, plan{}, "/exit?code=0", 0},
		{"returns", keptNever, plan{}, "/return", 0},
		{"killed", keptNever, plan{}, "/kill?signal=9", 137},
		{"without an address, exit code", exits, plan{ExitCode: 7}, "", 7},
		{"without an address, exit code 0", exits, plan{}, "", 0},
		{"without an address, returns", exits, plan{Fault: "return"}, "", 0},
		{"without an address, killed", exits, plan{Fault: "kill"}, "", 137},
		{"without an address, panic", exits, plan{Fault: "panic"}, "", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, row.program, installed(row.plan))
			if row.order != "" {
				s.live(1)
				order(s, row.order)
			}
			if code := s.wait(); code != row.code {
				t.Errorf("the master ended with code %d, want %d", code, row.code)
			}
			if n := s.count("msg=starting"); n != 1 {
				t.Errorf("%d generations were started, want 1", n)
			}
		})
	}
}

// KeepAlive starts the program again, waiting longer each time; clients wait in
// the sockets meanwhile and none is refused.
func TestKeepAliveStartsTheProgramAgain(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		program string
		order   string
	}{
		{"on failure", keptOnFailure, "/exit?code=3"},
		{"on failure, by a signal", keptOnFailure, "/kill?signal=9"},
		{"always, after a failure", keptAlways, "/exit?code=3"},
		{"always, after a success", keptAlways, "/exit?code=0"},
		{"always, after it returns", keptAlways, "/return"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, row.program)
			s.live(1)
			wait := 100 * time.Millisecond
			for i := range 3 {
				order(s, row.order)
				s.await(1, "msg=respawn", fmt.Sprintf("again in %v", wait))
				if got, want := ask(t, s, "/"), fmt.Sprintf("version 1 generation %d", i+2); got != want {
					t.Errorf("the client that waited was answered by %q, want %q", got, want)
				}
				wait *= 2
			}
			s.stop()
		})
	}
}

func TestKeepAliveOnFailureLetsASuccessfulProgramEnd(t *testing.T) {
	t.Parallel()
	s := startService(t, keptOnFailure)
	s.live(1)
	order(s, "/exit?code=0")
	if code := s.wait(); code != 0 {
		t.Errorf("the master ended with code %d, want 0", code)
	}
	if n := s.count("msg=respawn"); n != 0 {
		t.Errorf("the program was started again %d times, want 0", n)
	}
}

// A restart asked for while a crashed program waits for its backoff is done at
// once, and a stop ends the wait.
func TestKeepAliveHeedsOrdersWhileItWaits(t *testing.T) {
	t.Parallel()
	s := startService(t, keptOnFailure)
	s.live(1)
	for i := range 5 { // the next wait is 3.2 s
		order(s, "/exit?code=3")
		s.await(i+1, "msg=respawn")
		s.live(i + 2)
	}
	order(s, "/exit?code=3")
	s.await(6, "msg=respawn")
	began := time.Now()
	s.Signal(syscall.SIGUSR2)
	s.live(7)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the restart waited %v, for the backoff it seems", took)
	}
	order(s, "/exit?code=3")
	s.await(7, "msg=respawn", "")
	s.Signal(syscall.SIGTERM)
	if code := s.wait(); code != 3 {
		t.Errorf("the master ended with code %d, want 3, that of the last program", code)
	}
}
