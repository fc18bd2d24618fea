//go:build unix

package overseer_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/loadtest"
)

// Programs of the shapes that the older library's users have.

// oldShape registers one, with one address and no probe.
func oldShape(name string, program func(s overseer.State, h http.Handler)) string {
	return register(name, func() {
		c := webConfig()
		c.Probe = nil
		c.Program = func(s overseer.State) {
			announce(s)
			program(s, orders(s, func() {}))
		}
		overseer.Run(c)
	})
}

var (
	// returns at the drain, ignoring the error
	oldReturns = oldShape("old: http.Serve", func(s overseer.State, h http.Handler) { http.Serve(s.Listener, h) })

	// exits at the drain, with the connections
	oldFatal = oldShape("old: log.Fatal", func(s overseer.State, h http.Handler) { log.Fatal(http.Serve(s.Listener, h)) })

	// shuts its server down at the drain
	oldShutdown = oldShape("old: Shutdown", func(s overseer.State, h http.Handler) {
		srv := &http.Server{Handler: h}
		done := make(chan struct{})
		go func() {
			defer close(done)
			<-s.GracefulShutdown
			began := time.Now()
			err := srv.Shutdown(context.Background())
			fmt.Fprintf(os.Stderr, "Shutdown in time %t: %v\n", time.Since(began) < 5*time.Second, err)
		}()
		srv.Serve(s.Listener)
		<-done
	})

	// never ends by itself
	oldDeaf = oldShape("old: deaf", func(s overseer.State, h http.Handler) {
		go http.Serve(s.Listener, h)
		select {}
	})
)

// A request that is in flight when a drain begins is answered, also where the
// program ends on the error of Accept.
func TestOldProgramsDoNotCutRequestsInFlight(t *testing.T) {
	t.Parallel()
	for name, program := range map[string]string{
		"http.Serve":            oldReturns,
		"log.Fatal(http.Serve)": oldFatal,
		"Shutdown":              oldShutdown,
		"deaf":                  oldDeaf,
	} {
		t.Run(name+", restart", func(t *testing.T) {
			t.Parallel()
			s := startService(t, program)
			s.live(1)
			held := holdRequest(t, s)
			s.Signal(syscall.SIGUSR2)
			s.drains(1)
			if got := ask(t, s, "/"); got != "version 1 generation 2" {
				t.Errorf("during the drain %q answers, want generation 2", got)
			}
			if got := held.finish(); got != "version 1 generation 1" {
				t.Errorf("the held request was answered by %q", got)
			}
			if program != oldDeaf {
				s.await(1, "msg=gone", "generation=1")
			}
		})
		t.Run(name+", stop", func(t *testing.T) {
			t.Parallel()
			s := startService(t, program, env("TEST_TERMINATE_TIMEOUT", "6s"))
			s.live(1)
			held := holdRequest(t, s)
			s.Signal(syscall.SIGTERM)
			s.await(1, "msg=stopping")
			if got := held.finish(); got != "version 1 generation 1" {
				t.Errorf("the held request was answered by %q", got)
			}
			want := map[string]int{oldReturns: 0, oldFatal: 1, oldShutdown: 0, oldDeaf: 137}[program]
			if code := s.wait(); code != want {
				t.Errorf("the master ended with code %d, want %d, that of the program", code, want)
			}
		})
	}
}

// New connections under 50 restarts of the plainest old program: none is lost.
func TestOldProgramLosesNoNewConnection(t *testing.T) {
	t.Parallel()
	restarts := 50
	if testing.Short() {
		restarts = 10
	}
	for name, program := range map[string]string{"http.Serve": oldReturns, "log.Fatal(http.Serve)": oldFatal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, program)
			s.live(1)
			load := startLoad(t, s, loadtest.NewConnection, 8)
			for range restarts {
				s.restart()
			}
			t.Log(noLoss(t, load))
			s.stopAny()
		})
	}
}

// stopAny ends a service whose exit code does not matter.
func (s *service) stopAny() {
	s.t.Helper()
	s.Signal(syscall.SIGTERM)
	s.wait()
}

// Shutdown with an idle kept-alive client returns at once: in the older library
// it hung for ever, as closing the listener waited for the client.
func TestShutdownWithAnIdleClientReturnsAtOnce(t *testing.T) {
	t.Parallel()
	s := startService(t, oldShutdown)
	s.live(1)
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\n\r\n")
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	s.restart()
	if s.count("Shutdown in time true: <nil>") != 1 {
		t.Error("Shutdown did not return at once, want it within moments and no error")
	}
	s.stopAny()
}

// A program that ignores the drain is killed when TerminateTimeout is over, its
// requests with it.
func TestDeafProgramIsKilledAfterTerminateTimeout(t *testing.T) {
	t.Parallel()
	s := startService(t, oldDeaf, env("TEST_TERMINATE_TIMEOUT", "700ms"))
	s.live(1)
	held := holdRequest(t, s)
	began := time.Now()
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=killed", "generation=1")
	if took := time.Since(began); took < 700*time.Millisecond {
		t.Errorf("it was killed after %v, before its TerminateTimeout", took)
	}
	if err := held.cut(); err != nil {
		t.Error(err)
	}
	if got := ask(t, s, "/"); got != "version 1 generation 2" {
		t.Errorf("%q answers, want generation 2", got)
	}
	s.stopAny()
}
