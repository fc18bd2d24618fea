//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// asCommand makes the test binary be the command: the demo starts its own
// executable as the service, so the variable is passed on to all of them.
const asCommand = "OVERSEER_CMD_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

func child(t *testing.T, args ...string) (c *exec.Cmd, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	c = exec.Command(self, args...)
	c.Env = append(os.Environ(), asCommand+"=1", "TMPDIR="+dir, "GORACE=atexit_sleep_ms=0")
	return c, dir
}

func TestDispatch(t *testing.T) {
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"help"}, 0, "overseer COMMAND"},
		{[]string{"-h"}, 0, "overseer COMMAND"},
		{[]string{"--help"}, 0, "overseer COMMAND"},
		{[]string{"version"}, 0, "overseer "},
		{nil, exitUsage, "overseer COMMAND"},
		{[]string{"dmeo"}, exitUsage, `no command "dmeo"`},
		{[]string{"demo", "now"}, exitUsage, "no arguments"},
		{[]string{"demo-service"}, exitUsage, "started by the demo only"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			c, _ := child(t, tt.args...)
			out, _ := c.CombinedOutput() // the code says it
			if code := c.ProcessState.ExitCode(); code != tt.code || !bytes.Contains(out, []byte(tt.want)) {
				t.Errorf("code %d, want %d; want %q in:\n%s", code, tt.code, tt.want, out)
			}
		})
	}
}

func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	c, dir := child(t, "demo")
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the demo failed: %v", err)
	}
	rows := table(out)
	for name, want := range map[string]string{
		"failed":      "0",
		"restarts":    "2 of 2",
		"upgrades":    "2 of 2",
		"refused":     "3 of 3",
		"rolled back": "1 of 1",
	} {
		if got := rows[name]; !strings.HasPrefix(got, want) {
			t.Errorf("row %q says %q, want %q", name, got, want)
		}
	}
	if bytes.ContainsAny(out, "\x1b\r") {
		t.Error("escape sequences on what is no terminal")
	}
	awaitEmpty(t, dir)
}

// table returns the rows of the summary by their first column.
func table(out []byte) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if len(line) > 16 && strings.HasPrefix(line, "  ") {
			rows[strings.TrimSpace(line[:16])] = strings.TrimSpace(line[16:])
		}
	}
	return rows
}

// However the demo ends, the service ends too and nothing is left.
func TestDemoEndsEarly(t *testing.T) {
	for _, tt := range []struct {
		name string
		sig  os.Signal
	}{
		{"interrupted", os.Interrupt},
		{"killed", os.Kill},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, dir := child(t, "demo")
			stdout, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			bound := time.AfterFunc(time.Minute, func() { c.Process.Kill() })
			defer bound.Stop()
			address := awaitLoad(t, stdout)
			c.Process.Signal(tt.sig)
			rest, _ := io.ReadAll(stdout)
			c.Wait()
			if code := c.ProcessState.ExitCode(); code == 0 {
				t.Errorf("exit code 0, want another; the demo wrote\n%s", rest)
			}
			awaitEmpty(t, dir)
			awaitRefused(t, address)
		})
	}
}

// awaitLoad reads until the demo has put the service under load.
func awaitLoad(t *testing.T, out io.Reader) (address string) {
	t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), "load on http://"); ok {
			address, _, _ = strings.Cut(after, ": ")
			return address
		}
	}
	t.Fatalf("the demo ended before it made load: %v", lines.Err())
	return ""
}

func awaitEmpty(t *testing.T, dir string) {
	t.Helper()
	poll(t, "the directory is empty", func() bool {
		left, err := os.ReadDir(dir)
		return err == nil && len(left) == 0
	})
}

// awaitRefused waits until no process holds the service's socket.
func awaitRefused(t *testing.T, address string) {
	t.Helper()
	poll(t, "no process is left that listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
}

// poll waits where the end of others' children cannot be waited for.
func poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 20 s in vain: %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
