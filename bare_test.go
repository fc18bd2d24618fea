//go:build unix

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

// bare registers a service whose program has no addresses.
func bare(name string, program func(overseer.State), change func(*overseer.Config)) string {
	return register(name, func() {
		c := webConfig()
		c.Address, c.Probe = "", nil
		c.Program = func(s overseer.State) {
			fmt.Fprintf(os.Stderr, "time=%s bare program of generation %d pid %d begins\n",
				time.Now().Format(time.RFC3339Nano), s.Generation, os.Getpid())
			program(s)
		}
		change(&c)
		overseer.Run(c)
	})
}

func endsByContext(s overseer.State) {
	<-s.Context().Done()
	fmt.Fprintf(os.Stderr, "bare program of generation %d ends\n", s.Generation)
}

var (
	bareByContext = bare("bare by context", endsByContext, func(*overseer.Config) {})
	bareReady     = bare("bare ready", func(s overseer.State) { s.Ready(); endsByContext(s) }, func(*overseer.Config) {})
	bareDeaf      = bare("bare deaf", func(overseer.State) { select {} }, func(*overseer.Config) {})
	bareOverlap   = bare("bare overlap", func(s overseer.State) { s.Ready(); endsByContext(s) }, func(c *overseer.Config) { c.Overlap = true })
	bareExclusive = bare("bare exclusive", func(s overseer.State) {
		defer holdExclusive().Close()
		s.Ready()
		endsByContext(s)
	}, func(*overseer.Config) {})
	bareHandler = bare("bare handler", countSignals, func(*overseer.Config) {})
)

// countSignals handles SIGTERM itself: it says what it sees, for long enough to
// see a second one, and ends with code 5.
func countSignals(s overseer.State) {
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	fmt.Fprintln(os.Stderr, "program has its handler")
	s.Ready()
	fmt.Fprintln(os.Stderr, "program saw", <-c)
	late := time.After(300 * time.Millisecond)
	for {
		select {
		case sig := <-c:
			fmt.Fprintln(os.Stderr, "program saw", sig)
		case <-late:
			os.Exit(5)
		}
	}
}

// lineOf returns the number of the first line that holds all words.
func (s *service) lineOf(words ...string) int {
	s.t.Helper()
	s.await(1, words...)
	s.mu.Lock()
	defer s.mu.Unlock()
next:
	for i, line := range s.log {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		return i
	}
	return -1
}

// A program without addresses restarts sequentially: two never run at once.
func TestProgramWithoutAddressesRestartsSequentially(t *testing.T) {
	t.Parallel()
	s := startService(t, bareExclusive)
	s.live(1)
	for i := range 10 {
		s.Signal(syscall.SIGUSR2)
		s.live(i + 2)
	}
	if a, b := s.lineOf("generation 1", "ends"), s.lineOf("generation 2", "begins"); a > b {
		t.Error("the new program began before the old one had ended")
	}
	s.stop()
	if n := s.count("two programs at once"); n != 0 {
		t.Errorf("%d programs met another one, want 0", n)
	}
}

// With Overlap the new program starts while the old one still runs.
func TestOverlapStartsTheNewProgramBesideTheOldOne(t *testing.T) {
	t.Parallel()
	s := startService(t, bareOverlap)
	s.live(1)
	s.restart()
	// What the new one says before it is live comes by way of the master, and
	// may be late.
	if a, b := s.lineOf("msg=live", "generation=2 "), s.lineOf("generation 1", "ends"); a > b {
		t.Error("the old program ended before the new one was live")
	}
	s.stop()
}

// A program without addresses is ready after it has run for a second, or when
// it says so.
func TestProgramWithoutAddressesIsReadyByWordOrByTime(t *testing.T) {
	t.Parallel()
	// By the times in the log: whoever reads it may be late.
	since := func(program, line string) time.Duration {
		s := startService(t, program)
		s.live(1)
		s.await(1, line)
		took := s.stamps("msg=live")[0].Sub(s.stamps(line)[0])
		s.stop()
		return took
	}
	if took := since(bareByContext, "msg=starting"); took < 990*time.Millisecond {
		t.Errorf("a program that says nothing was ready after %v, want a second", took)
	}
	// A busy machine may make one of them late, not each.
	for range 5 {
		if since(bareReady, "generation 1 pid") < 800*time.Millisecond {
			return
		}
	}
	t.Error("State.Ready makes no program ready earlier")
}

func TestSignalsEndAProgramWithoutAddresses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		program string
		signal  syscall.Signal
		code    int
		saw     int
	}{
		{"by its context", bareByContext, syscall.SIGTERM, 0, 0},
		{"by its context, interrupted", bareByContext, syscall.SIGINT, 0, 0},
		{"at once where nobody handles it", bareDeaf, syscall.SIGTERM, 143, 0},
		{"at once where nobody handles an interrupt", bareDeaf, syscall.SIGINT, 130, 0},
		{"as its handler says", bareHandler, syscall.SIGTERM, 5, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, row.program)
			s.live(1)
			if row.saw > 0 {
				s.await(1, "program has its handler") // live is what runs for a second, too
			}
			began := time.Now()
			s.Signal(row.signal)
			if code := s.wait(); code != row.code {
				t.Errorf("the master ended with code %d, want %d", code, row.code)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("the stop took %v, half of TerminateTimeout or more", took)
			}
			if n := s.count("program saw"); n != row.saw {
				t.Errorf("the program saw %d signals, want %d", n, row.saw)
			}
		})
	}
}

// A restart ends a program that does nothing about GracefulShutdown as well,
// after TerminateTimeout.
func TestRestartOfADeafProgramEndsItAfterTerminateTimeout(t *testing.T) {
	t.Parallel()
	s := startService(t, bareDeaf, env("TEST_TERMINATE_TIMEOUT", "3s"))
	s.live(1)
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=killed", "generation=1")
	s.live(2)
	s.Signal(syscall.SIGTERM)
	if code := s.wait(); code != 143 {
		t.Errorf("the master ended with code %d, want 143", code)
	}
}
