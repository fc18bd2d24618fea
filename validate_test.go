package overseer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func program(State) {}

func TestConfigRefused(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		config Config
		want   string // the field that the error names
	}{
		{"no program", Config{}, "Config.Program"},
		{"both forms of addresses", Config{Program: program, Address: ":0", Addresses: []string{":0"}}, "Config.Address "},
		{"address without port", Config{Program: program, Address: "localhost"}, "Config.Address"},
		{"address of an unknown scheme", Config{Program: program, Address: "sctp://:1"}, "Config.Address"},
		{"one bad address of three", Config{Program: program, Addresses: []string{":0", ":0", "bad://"}}, "Addresses[2]"},
		{"an empty address", Config{Program: program, Addresses: []string{""}}, "Addresses[0]"},
		{"the same address twice", Config{Program: program, Addresses: []string{":3000", ":3000"}}, "Addresses[1]"},
		{"negative TerminateTimeout", Config{Program: program, TerminateTimeout: -1}, "Config.TerminateTimeout"},
		{"negative MinFetchInterval", Config{Program: program, MinFetchInterval: -1}, "Config.MinFetchInterval"},
		{"negative ReadyTimeout", Config{Program: program, ReadyTimeout: -1}, "Config.ReadyTimeout"},
		{"negative ProbeInterval", Config{Program: program, ProbeInterval: -1}, "Config.ProbeInterval"},
		{"negative Quarantine", Config{Program: program, Quarantine: -1}, "Config.Quarantine"},
		{"unknown KeepAlive", Config{Program: program, KeepAlive: 3}, "Config.KeepAlive"},
		{"unknown IsolateFetch", Config{Program: program, IsolateFetch: 3}, "Config.IsolateFetch"},
		{"Sequential and Overlap", Config{Program: program, Sequential: true, Overlap: true}, "Config.Sequential"},
		{"an admin address open to all", Config{Program: program, Admin: Admin{Address: "127.0.0.1:0"}}, "Config.Admin.Address"},
		{"an admin address without port", Config{Program: program, Admin: Admin{Address: "localhost", Token: "x"}}, "Config.Admin.Address"},
		{"two admin tokens", Config{Program: program, Admin: Admin{Address: ":0", Token: "x", TokenFile: "y"}}, "Config.Admin.Token"},
		{"an admin token for no address", Config{Program: program, Admin: Admin{Token: "x"}}, "Config.Admin.Address"},
		{"ExecFile is missing", Config{Program: program, ExecFile: filepath.Join(dir, "absent")}, "Config.ExecFile"},
		{"ExecFile is a directory", Config{Program: program, ExecFile: dir}, "Config.ExecFile"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.config.settle()
			if !errors.Is(err, ErrConfig) {
				t.Fatalf("got error %v, want one that matches ErrConfig", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %q, want one that names %q", err, c.want)
			}
			if strings.Contains(err.Error(), "Config.read") {
				t.Errorf("got error %q, which names a field that is none", err)
			}
		})
	}
}

func TestConfigDefaults(t *testing.T) {
	s, err := Config{Program: program}.settle()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		got, want time.Duration
	}{
		{"TerminateTimeout", s.TerminateTimeout, 30 * time.Second},
		{"MinFetchInterval", s.MinFetchInterval, time.Second},
		{"ReadyTimeout", s.ReadyTimeout, time.Minute},
		{"Probation", s.Probation, 10 * time.Second},
		{"ProbeInterval", s.ProbeInterval, time.Second},
		{"Quarantine", s.Quarantine, 24 * time.Hour},
	} {
		if c.got != c.want {
			t.Errorf("default of Config.%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	if s.RestartSignal != SIGUSR2 {
		t.Errorf("default of Config.RestartSignal: got %v, want %v", s.RestartSignal, SIGUSR2)
	}
	if exe, _ := os.Executable(); s.binary != exe {
		t.Errorf("binary: got %q, want the running one, %q", s.binary, exe)
	}
	if len(s.warnings) > 0 || len(s.addresses) > 0 {
		t.Errorf("got warnings %q and addresses %v, want none", s.warnings, s.addresses)
	}
}

func TestConfigTimes(t *testing.T) {
	for _, c := range []struct {
		name             string
		config           Config
		terminate, trial time.Duration
		warned           bool
	}{
		{"60 nanoseconds are a slip", Config{TerminateTimeout: 60}, DefaultTerminateTimeout, DefaultProbation, true},
		{"just below a millisecond", Config{TerminateTimeout: time.Millisecond - 1}, DefaultTerminateTimeout, DefaultProbation, true},
		{"a millisecond is meant", Config{TerminateTimeout: time.Millisecond}, time.Millisecond, DefaultProbation, false},
		{"a minute", Config{TerminateTimeout: time.Minute}, time.Minute, DefaultProbation, false},
		{"no probation", Config{Probation: -1}, DefaultTerminateTimeout, 0, false},
		{"a long probation", Config{Probation: time.Hour}, DefaultTerminateTimeout, time.Hour, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.config.Program = program
			s, err := c.config.settle()
			if err != nil {
				t.Fatal(err)
			}
			if s.TerminateTimeout != c.terminate || s.Probation != c.trial {
				t.Errorf("got TerminateTimeout %v and Probation %v, want %v and %v", s.TerminateTimeout, s.Probation, c.terminate, c.trial)
			}
			if warned := len(s.warnings) == 1 && strings.Contains(s.warnings[0], "Config.TerminateTimeout"); warned != c.warned {
				t.Errorf("got warnings %q, want one of Config.TerminateTimeout: %v", s.warnings, c.warned)
			}
		})
	}
}

// A link is kept, so that each start follows it anew; a relative path is made
// absolute once.
func TestConfigExecFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "app-1"), filepath.Join(dir, "current")
	if err := os.WriteFile(file, []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	t.Chdir(dir)
	for _, c := range []struct{ name, execFile, want string }{
		{"absolute", file, file},
		{"relative", "app-1", file},
		{"link", link, link},
		{"relative link", "./current", link},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Config{Program: program, ExecFile: c.execFile}.settle()
			if err != nil {
				t.Fatal(err)
			}
			if s.binary != c.want {
				t.Errorf("ExecFile %q: got %q, want %q", c.execFile, s.binary, c.want)
			}
		})
	}
}
