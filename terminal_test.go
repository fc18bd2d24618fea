//go:build linux

package overseer_test

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// tool is a program without addresses. Where TEST_HANDLES is set it takes the
// first signal as a wish to end, and looks for a moment whether a second comes.
var tool = register("tool", func() {
	bound := envDuration("TEST_TERMINATE_TIMEOUT", 0)
	overseer.Run(overseer.Config{Required: true, Logger: testLogger(), TerminateTimeout: bound, Program: func(s overseer.State) {
		if os.Getenv("TEST_HANDLES") == "" {
			s.Ready()
			select {}
		}
		seen := make(chan os.Signal, 8)
		signal.Notify(seen, syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM)
		s.Ready()
		var second <-chan time.Time
		for {
			select {
			case sig := <-seen:
				fmt.Fprintf(os.Stderr, "tool has seen %v\n", sig)
				second = time.After(300 * time.Millisecond)
			case <-second:
				os.Exit(4)
			}
		}
	}})
})

// watchful is the web service that also counts its interrupts and hangups.
var watchful = register("watchful", func() {
	c := webConfig()
	c.Program = func(s overseer.State) {
		seen := make(chan os.Signal, 8)
		signal.Notify(seen, syscall.SIGINT, syscall.SIGHUP)
		go func() {
			for sig := range seen {
				fmt.Fprintf(os.Stderr, "service has seen %v\n", sig)
			}
		}()
		serveWeb(s)
	}
	overseer.Run(c)
})

// TestCtrlCEndsAServiceInGoodOrder types it while a request is in flight.
func TestCtrlCEndsAServiceInGoodOrder(t *testing.T) {
	t.Parallel()
	keyboard, screen := openTerminal(t)
	s := startJob(t, watchful, screen)
	s.live(1)
	answer := make(chan string, 1)
	go func() {
		body, err := tryGet(s.Address(), "/hold?for=500ms")
		answer <- fmt.Sprint(body, err)
	}()
	s.await(1, "holding a request")
	press(t, keyboard, ctrlC)
	if got := <-answer; !strings.HasPrefix(got, "version 1") {
		t.Errorf("answer to the request in flight: %q, want %q", got, "version 1")
	}
	if code := s.wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if n := s.count("service has seen interrupt"); n != 1 {
		t.Errorf("the program has seen %d interrupts, want 1", n)
	}
}

// TestTerminalSignalsReachAToolOnce has programs without addresses, which share
// the terminal with their master.
func TestTerminalSignalsReachAToolOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		handles string
		send    func(t *testing.T, s *service, keyboard *os.File)
		sees    string
		code    int
	}{
		{"Ctrl-C, not handled", "", typed(ctrlC), "", 130},
		{"Ctrl-C, handled", "yes", typed(ctrlC), "interrupt", 4},
		{"termination of the master, handled", "yes", sent(syscall.SIGTERM), "terminated", 4},
		{"termination of the master, not handled", "", sent(syscall.SIGTERM), "", 143},
		{"hangup to the master alone, handled", "yes", sent(syscall.SIGHUP), "hangup", 4},
		{"hangup to the master alone, not handled", "", sent(syscall.SIGHUP), "", 129},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keyboard, screen := openTerminal(t)
			s := startJob(t, tool, screen, env("TEST_HANDLES", c.handles))
			s.live(1)
			c.send(t, s, keyboard)
			if code := s.wait(); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			want := 0
			if c.sees != "" {
				want = 1
			}
			if n := s.count("tool has seen"); n != want || s.count("tool has seen", c.sees) != want {
				t.Errorf("the program has seen %d signals, want %d: %s", n, want, c.sees)
			}
		})
	}
}

func typed(key string) func(*testing.T, *service, *os.File) {
	return func(t *testing.T, _ *service, keyboard *os.File) { press(t, keyboard, key) }
}

func sent(sig syscall.Signal) func(*testing.T, *service, *os.File) {
	return func(t *testing.T, s *service, _ *os.File) { s.Signal(sig) }
}

// TestCtrlZStopsMasterAndProgram and puts both back.
func TestCtrlZStopsMasterAndProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, program string }{
		{"service", web},
		{"tool", tool},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keyboard, screen := openTerminal(t)
			s := startJob(t, c.program, screen)
			s.live(1)
			worker := s.pidOf(1)
			both := func(want string) func() bool {
				return func() bool {
					return strings.ContainsRune(want, rune(stateOf(s.PID))) && strings.ContainsRune(want, rune(stateOf(worker)))
				}
			}
			for range 2 {
				press(t, keyboard, ctrlZ)
				eventually(t, "master and worker are stopped", both("T"))
				if err := syscall.Kill(-s.PID, syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
				eventually(t, "master and worker go on", both("RSD"))
			}
			if c.program == web {
				if got, err := tryGet(s.Address(), "/"); err != nil || got != "version 1\n" {
					t.Errorf("answer %q (%v) after that, want version 1", got, err)
				}
				s.restart()
			}
			press(t, keyboard, ctrlC)
			s.wait()
		})
	}
}

// TestContinueLeavesAStartAlone continues a master, as a terminal that hangs up
// does too, while a worker starts.
func TestContinueLeavesAStartAlone(t *testing.T) {
	t.Parallel()
	s := startService(t, web)
	s.live(1)
	for generation := 2; generation <= 4; generation++ {
		s.Signal(syscall.SIGUSR2)
		s.await(generation, "msg=starting")
		s.Signal(syscall.SIGCONT) // its binary is being hashed
		s.await(generation-1, "msg=gone")
	}
	if n := s.count("msg=failed"); n != 0 {
		t.Errorf("%d generations failed, want none", n)
	}
	s.stop()
}

// TestHangupOfTheTerminalEndsAll takes the terminal away.
func TestHangupOfTheTerminalEndsAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, program, handles, sees string }{
		{"service", web, "", ""},
		{"tool", tool, "", ""},
		{"tool that handles it", tool, "yes", "hangup"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			keyboard, screen := openTerminal(t)
			s := startJob(t, c.program, screen, env("TEST_HANDLES", c.handles))
			s.live(1)
			screen.Close()
			keyboard.Close()
			s.wait() // the shell
			eventually(t, "the whole session has gone", func() bool { return len(session(s.cmd.Process.Pid)) == 0 })
			if n := s.count("tool has seen hangup"); c.sees != "" && n != 1 {
				t.Errorf("the program has seen %d hangups, want 1", n)
			}
		})
	}
}
