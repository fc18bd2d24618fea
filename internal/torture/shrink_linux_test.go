package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestViolationIsShrunk: of a program that a SIGHUP ends, and of six steps one of
// which sends it, that one is left in the end, and replaying it breaks the same
// promise.
func TestViolationIsShrunk(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, r recording) string {
		text, err := json.Marshal(r)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	fails := func(args ...string) (says string, left recording) {
		c := exec.CommandContext(t.Context(), self, append([]string{"-q"}, args...)...)
		c.Env, c.Dir, c.WaitDelay = append(os.Environ(), driverVariable+"=1", bugVariable+"=1"), dir, time.Minute
		c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
		out, err := c.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
			t.Fatalf("%v, want that a promise is broken\n%s", err, out)
		}
		text, err := os.ReadFile(filepath.Join(dir, violationFile))
		if err == nil {
			err = json.Unmarshal(text, &left)
		}
		if err != nil {
			t.Fatalf("what is left for -replay: %v\n%s", err, out)
		}
		return string(out), left
	}
	const pause = 50 * time.Millisecond
	steps := []step{
		{Index: 1, Kind: restartByOrder, Pause: pause},
		{Index: 2, Kind: hold, Pause: pause, For: pause},
		{Index: 3, Kind: restartBySignal, Pause: pause},
		{Index: 4, Kind: storm, Pause: pause, Number: 50},
		{Index: 5, Kind: forget, Pause: pause},
		{Index: 6, Kind: restartByOrder, Pause: pause},
	}
	says, left := fails("-shrink", "2m", "-replay", write("six.json", recording{Seed: 2, Steps: steps}))
	if len(left.Steps) != 1 || left.Steps[0].Kind != storm || left.Violation == nil || left.Violation.Promise != "lives" {
		t.Fatalf("what is left is %+v, want the storm, which breaks \"lives\"\n%s", left, says)
	}
	if !strings.Contains(says, "--- the service's log") || !strings.Contains(says, "-replay "+violationFile) {
		t.Errorf("what it says has no transcript, or not how to replay it:\n%s", says)
	}
	if says, again := fails("-shrink", "0", "-replay", write("one.json", left)); again.Violation.Promise != "lives" {
		t.Errorf("replayed, it breaks %q, want \"lives\"\n%s", again.Violation.Promise, says)
	}
}
