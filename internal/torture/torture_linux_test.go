package main

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary is also the service, its releases, and the driver.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(serviceVariable) != "":
		service()
		return
	case os.Getenv(insideVariable) != "", os.Getenv(driverVariable) != "":
		main()
	}
	os.Exit(m.Run())
}

// driverVariable makes the test binary the command.
const driverVariable = "TORTURE_DRIVER"

// drives runs the command, and shows what it has said where a promise was broken.
func drives(t *testing.T, span time.Duration, args ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, append([]string{"-q", "-shrink", "0", "-for", span.String()}, args...)...)
	c.Env = append(os.Environ(), driverVariable+"=1", "GORACE=atexit_sleep_ms=0 halt_on_error=1")
	c.Dir = t.TempDir()
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestTorture is a schedule that nobody has seen before. What it prints repeats it.
func TestTorture(t *testing.T) {
	span := time.Minute
	if testing.Short() {
		span = 20 * time.Second
	}
	drives(t, span)
}

// TestSeedsThatFailed carries out what has once broken a promise.
func TestSeedsThatFailed(t *testing.T) {
	f, err := os.Open("testdata/seeds.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) != 2 {
			t.Fatalf("testdata/seeds.txt: %q: want a seed, a number of steps, and why behind a #", lines.Text())
		}
		steps, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		t.Run("seed "+fields[0], func(t *testing.T) {
			if testing.Short() && steps > 20 {
				t.Skip("it takes long")
			}
			drives(t, 10*time.Minute, "-seed", fields[0], "-steps", fields[1])
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
