//go:build unix

package overseer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// faultyConfigs are configurations that cannot be used, by the name of what is
// wrong.
var faultyConfigs = map[string]struct {
	change func(*overseer.Config)
	says   string // the error names the field
}{
	"no program":        {func(c *overseer.Config) { c.Program = nil }, "Config.Program"},
	"two addresses":     {func(c *overseer.Config) { c.Addresses = []string{"127.0.0.1:0"} }, "Config.Address"},
	"a bad address":     {func(c *overseer.Config) { c.Address = "tcp://nowhere" }, "Config.Addresses"},
	"a negative time":   {func(c *overseer.Config) { c.ReadyTimeout = -time.Second }, "Config.ReadyTimeout"},
	"no such file":      {func(c *overseer.Config) { c.ExecFile = "/does/not/exist" }, "Config.ExecFile"},
	"a directory":       {func(c *overseer.Config) { c.ExecFile = "/" }, "Config.ExecFile"},
	"both orders":       {func(c *overseer.Config) { c.Sequential, c.Overlap = true, true }, "Config.Sequential"},
	"unknown KeepAlive": {func(c *overseer.Config) { c.KeepAlive = 7 }, "Config.KeepAlive"},
}

// foreignAddress is not of this host (RFC 5737), so it cannot be bound.
const foreignAddress = "192.0.2.1:0"

func faultyConfig() overseer.Config {
	c := webConfig()
	c.Required = false
	c.Program = direct
	if os.Getenv("TEST_FAULT") == "foreign address" {
		c.Address = foreignAddress
	} else {
		faultyConfigs[os.Getenv("TEST_FAULT")].change(&c)
	}
	return c
}

var (
	asksForError = register("asks for an error", func() {
		err := overseer.RunErr(faultyConfig())
		fmt.Fprintf(os.Stderr, "error matches %t: %v\n", errors.Is(err, overseer.ErrConfig), err)
		os.Exit(4)
	})
	runsRequired = register("runs required", func() {
		c := faultyConfig()
		c.Required = true
		overseer.Run(c)
	})
	runsAnyway           = register("runs anyway", func() { overseer.Run(faultyConfig()) })
	secondsAsNanoseconds = obeying("seconds as nanoseconds", func(c *overseer.Config) { c.TerminateTimeout = 60 })
)

// direct is a program that shows how it runs.
func direct(s overseer.State) {
	_, err := s.Status(context.Background())
	fmt.Fprintf(os.Stderr, "direct program: enabled %t, generation %d, status disabled %t\n",
		s.Enabled, s.Generation, errors.Is(err, overseer.ErrDisabled))
	s.Ready()
	overseer.Restart() // does nothing
	announce(s)
	err = s.Serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "served directly")
	})})
	fmt.Fprintln(os.Stderr, "serve:", err)
	os.Exit(6)
}

func TestRunErrReturnsWithoutHavingRunTheProgram(t *testing.T) {
	t.Parallel()
	for name, row := range faultyConfigs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, asksForError, env("TEST_FAULT", name))
			if code := s.wait(); code != 4 {
				t.Errorf("the process ended with code %d, want 4, its own", code)
			}
			eventually(t, "the error is printed", func() bool { return s.count("error matches") == 1 })
			if s.count("error matches true", row.says) != 1 {
				t.Errorf("the error does not match ErrConfig and name %s", row.says)
			}
			if s.count("direct program") != 0 {
				t.Error("the program was run")
			}
		})
	}
	t.Run("an address of another host", func(t *testing.T) {
		t.Parallel()
		s := startService(t, asksForError, env("TEST_FAULT", "foreign address"))
		s.wait()
		eventually(t, "the error is printed", func() bool { return s.count("error matches false", "192.0.2.1") == 1 })
	})
}

func TestRequiredEndsWhereItCannotSupervise(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{"a negative time": "Config.ReadyTimeout", "foreign address": "192.0.2.1", "no program": "Config.Program"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, runsRequired, env("TEST_FAULT", name))
			if code := s.wait(); code != 1 {
				t.Errorf("the process ended with code %d, want 1", code)
			}
			eventually(t, "the error is printed", func() bool { return s.count("[overseer]", says) == 1 })
			if s.count("direct program") != 0 {
				t.Error("the program was run")
			}
		})
	}
}

// Without Required the program is run all the same, and people are told why it
// has no master.
func TestProgramRunsDirectlyAndSaysWhy(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a negative time", "no such file", "both orders"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, runsAnyway, env("TEST_FAULT", name))
			s.await(1, "overseer is disabled", faultyConfigs[name].says)
			s.await(1, "direct program: enabled false, generation 0, status disabled true")
			if got := ask(t, s, "/"); got != "served directly" {
				t.Errorf("%q answers", got)
			}
		})
	}
	t.Run("an address of another host", func(t *testing.T) {
		t.Parallel()
		s := startService(t, runsAnyway, env("TEST_FAULT", "foreign address"))
		if code := s.wait(); code != 6 {
			t.Errorf("the process ended with code %d, want 6, its own", code)
		}
		eventually(t, "the program was told", func() bool { return s.count("serve:", "192.0.2.1", "cannot assign") == 1 })
		if s.count("overseer is disabled", "192.0.2.1") != 1 {
			t.Error("nobody said why")
		}
	})
}

// TerminateTimeout: 60 was meant as seconds.
func TestTerminateTimeoutOfNanosecondsIsWarnedAbout(t *testing.T) {
	t.Parallel()
	s := startService(t, secondsAsNanoseconds)
	s.live(1)
	if s.count("level=WARN", "did you mean 60*time.Second") != 1 {
		t.Errorf("no warning, in %d lines", strings.Count(s.Log(), "\n")+1)
	}
	held := holdRequest(t, s)
	s.Signal(15)
	s.await(1, "msg=stopping")
	if got := held.finish(); got != "version 1 generation 1" {
		t.Errorf("the held request was answered by %q", got)
	}
	if code := s.wait(); code != 0 {
		t.Errorf("the master ended with code %d, want 0", code)
	}
}
